import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CropJob, InferenceNotification, UploadStored } from "../../core/contracts/messages.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { recordGrade } from "../../core/stations/grade.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { announceStoredUploads, sweepGradings } from "../../core/stations/sweep.ts";
import { Interruption, type InterruptionPoint, interrupted } from "../builders/memory-ports.ts";
import {
  answerInference,
  GRADING,
  type InferenceRequest,
  receiveArchive,
  receiveStill,
  type StationHouse,
  stateOf,
  stationHouse,
} from "../builders/station-house.ts";
import { aGrading } from "../contract/builders.ts";

interface Station {
  /** @returns the station's work on a house where everything before it has been done */
  prepare(house: StationHouse): Promise<(ports: StationHouse) => Promise<unknown>>;
}

const stations: Record<string, Station> = {
  ingest: {
    async prepare(house) {
      const stored = await receiveArchive(house);
      return (ports) => ingestUpload(stored, ports);
    },
  },
  "ingest of a still": {
    async prepare(house) {
      const stored = await receiveStill(house);
      return (ports) => ingestUpload(stored, ports);
    },
  },
  crop: {
    async prepare(house) {
      await ingestUpload(await receiveArchive(house), house);
      return (ports) => cropEmbryo(house.cropJobs.messages[0]!, ports);
    },
  },
  "crop of a still": {
    async prepare(house) {
      await ingestUpload(await receiveStill(house), house);
      return (ports) => cropEmbryo(house.cropJobs.messages[0]!, ports);
    },
  },
  grade: {
    async prepare(house) {
      // With an age, so that there is a pregnancy score to explain.
      await ingestUpload(await receiveArchive(house, { ageYears: 34 }), house);
      await cropEmbryo(house.cropJobs.messages[0]!, house);
      await answerInference(house, house.endpoint.messages[0]!);
      return (ports) => recordGrade(house.finished.messages[0]!, ports);
    },
  },
  sweep: {
    async prepare(house) {
      await receiveArchive(house);
      await receiveArchive(house, { gradingId: "grading-2", status: "cropping" });
      await house.gradings.create(aGrading({ gradingId: "never-uploaded" }));
      house.clock.passSeconds(60);
      return (ports) =>
        sweepGradings(ports, {
          idleSeconds: 30,
          inferenceSeconds: 30,
          uploadSeconds: 50,
          setbackSeconds: 10,
          triesAtMost: 8,
        });
    },
  },
  start: {
    async prepare(house) {
      await receiveArchive(house);
      await receiveArchive(house, { gradingId: "grading-2" });
      house.clock.passSeconds(60);
      return (ports) => announceStoredUploads(ports);
    },
  },
};

/** Each interruption repeats the work before it, pictures included. */
const MANY_RUNS = { timeout: 120_000 };

describe.each(Object.keys(stations))("the station %s", MANY_RUNS, (name) => {
  const station = stations[name]!;

  it("ends where it would have, whichever call it was interrupted at", async () => {
    const whole = await prepared(station);
    const watched = interrupted(whole.house);
    await whole.work(watched.ports);
    const expected = await stateOf(whole.house);

    const ends = [];
    for (const point of everyPoint(watched.calls())) {
      const { house, work } = await prepared(station);
      await expect(work(interrupted(house, point).ports)).rejects.toBeInstanceOf(Interruption);
      await work(house);
      ends.push({ ...point, state: await stateOf(house) });
    }

    expect(ends.length).toBeGreaterThan(6);
    for (const end of ends) expect(end).toEqual({ ...end, state: expected });
  });

  it("changes nothing when it is run again", async () => {
    const { house, work } = await prepared(station);
    await work(house);
    const once = await stateOf(house);

    await work(house);

    expect(await stateOf(house)).toEqual(once);
  });
});

describe.each([
  ["an upload", receiveArchive],
  ["a still", receiveStill],
])("the stations together, of %s", MANY_RUNS, (_what, receive) => {
  it("grade it once, however its messages are doubled, reordered and interrupted", async () => {
    const expected = await endOfTheWay(receive, () => null);

    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(delivery), async (deliveries) => {
        const end = await endOfTheWay(receive, () => deliveries.next().value);

        expect(end).toEqual(expected);
      }),
      { numRuns: 30 },
    );

    expect(expected.records).toHaveLength(1);
    expect(expected.gradings).toMatchObject([{ gradingId: GRADING, status: "graded" }]);
  });
});

/** How one message comes: which of those that wait, whether it stays for a second time, and where its station dies. */
interface UnluckyDelivery {
  readonly which: number;
  readonly stays: boolean;
  readonly diesAt: InterruptionPoint | null;
}

const delivery: fc.Arbitrary<UnluckyDelivery> = fc.record({
  which: fc.nat({ max: 7 }),
  stays: fc.boolean(),
  diesAt: fc.option(fc.record({ call: fc.integer({ min: 1, max: 12 }), when: fc.constantFrom("before", "after") })),
});

/** Past so many deliveries every further one goes well, or a run of bad luck would never end. */
const UNLUCKY_AT_MOST = 25;

async function endOfTheWay(
  receive: (house: StationHouse) => Promise<UploadStored>,
  luck: () => UnluckyDelivery | null,
) {
  const house = stationHouse();
  await house.stored.send(await receive(house));
  for (let deliveries = 0; ; deliveries++) {
    const waiting = waitingMessages(house);
    if (waiting.length === 0) break;
    const unlucky = deliveries < UNLUCKY_AT_MOST ? luck() : null;
    const { handle, remove } = waiting[(unlucky?.which ?? 0) % waiting.length]!;
    const { ports } = interrupted(house, unlucky?.diesAt ?? undefined);
    const died = await handle(ports).then(
      () => false,
      (error: unknown) => {
        if (error instanceof Interruption) return true;
        throw error;
      },
    );
    if (!died && !unlucky?.stays) remove();
  }
  const { gradings, records, objects } = await stateOf(house);
  return { gradings, records, objects };
}

function waitingMessages(house: StationHouse) {
  const waiting = <Message>(messages: Message[], handle: (message: Message, ports: StationHouse) => Promise<void>) =>
    messages.map((message) => ({
      handle: (ports: StationHouse) => handle(message, ports),
      remove: () => void messages.splice(messages.indexOf(message), 1),
    }));
  return [
    ...waiting<UploadStored>(house.stored.messages, ingestUpload),
    ...waiting<CropJob>(house.cropJobs.messages, cropEmbryo),
    ...waiting<InferenceRequest>(house.endpoint.messages, (request) => answerInference(house, request)),
    ...waiting<InferenceNotification>(house.finished.messages, recordGrade),
  ];
}

async function prepared(station: Station) {
  const house = stationHouse();
  return { house, work: await station.prepare(house) };
}

function everyPoint(calls: number): InterruptionPoint[] {
  return Array.from({ length: calls }, (_, index) => index + 1).flatMap((call) => [
    { call, when: "before" as const },
    { call, when: "after" as const },
  ]);
}
