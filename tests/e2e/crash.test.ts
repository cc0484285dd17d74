import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { DURABLE_WRITES, type DurableWrite } from "../../adapters/local/durable-write.ts";
import {
  dataFolder,
  ledgerOf,
  PersistentClient,
  plantPoison,
  startService,
  untilItDies,
  untilTheEnd,
} from "../builders/crashing-service.ts";
import { blobOf, loosePhantom, packed, phantomArchive, phantomStill } from "../builders/phantom-archive.ts";

/** Writes that no upload needs while everything goes well; each has a test below that makes it happen and dies after it. */
const ONLY_AFTER_TROUBLE: Partial<Record<DurableWrite, string>> = {
  "queue.release": "a start finds messages in the hands of a process that died",
  "queue.retry": "a station fails in a way that may pass",
  "queue.bury": "a message is unreadable, or a station fails for good",
};

type Kind = (typeof KINDS)[number];
const KINDS = [
  "a good archive",
  "an archive with half a picture",
  "a text",
  "a good still",
  "a still of nothing",
] as const;
const ENDS = {
  "a good archive": { status: "graded", code: undefined, records: 1 },
  "an archive with half a picture": { status: "rejected", code: "IMAGE_UNREADABLE", records: 0 },
  "a text": { status: "rejected", code: "NOT_A_ZIP", records: 0 },
  "a good still": { status: "graded", code: undefined, records: 1 },
  "a still of nothing": { status: "rejected", code: "NO_EMBRYO", records: 0 },
} as const;

const archives = {} as Record<Kind, Blob>;
const STILL = { kind: "still", embryoId: "E 17", cycleId: "C 4", ageYears: 34 } as const;
const clientOf = (kind: Kind) => new PersistentClient(archives[kind], kind.includes("still") ? STILL : {});

beforeAll(async () => {
  // With an age, so that there is a pregnancy score to explain.
  archives["a good archive"] = await phantomArchive({ manifest: { ageYears: 34 } });
  archives["an archive with half a picture"] = await archiveWithHalfAPicture();
  archives["a good still"] = blobOf(await phantomStill());
  archives["a still of nothing"] = blobOf(await phantomStill({ kind: "empty" }));
  archives["a text"] = blobOf(new TextEncoder().encode("This is not a zip at all."));
});

describe("a service killed after a durable write", () => {
  it.each(KINDS)("ends every upload once, whichever write it was killed after: %s", async (kind) => {
    const writes = await writesOf(kind);

    const ends = await twoAtATime(writes, async (write, index) => {
      const dataDir = await dataFolder();
      const client = clientOf(kind);
      const crash = await untilItDies(dataDir, index + 1, client);
      const { answer, ended } = await untilTheEnd(dataDir, client);
      const { status, rejection } = answer;
      return { after: write, crash: crash.ended, next: ended, status, code: rejection?.code, ...ledgerOf(dataDir) };
    });

    const once = { crash: "killed", next: "stopped", ...ENDS[kind], messages: 0, deadLetters: [] };
    expect(ends).toEqual(writes.map((write) => ({ after: write, ...once })));
  });

  it("has a test for every durable write there is", async () => {
    const seen = await Promise.all(KINDS.map(writesOf));

    const unseen = DURABLE_WRITES.filter((write) => !seen.flat().includes(write));

    expect(unseen.sort()).toEqual(Object.keys(ONLY_AFTER_TROUBLE).sort());
  });

  it("ends an upload once when it is killed again, whichever write of its recovery that was after", async () => {
    const dataDir = await dataFolder();
    const client = clientOf("a good archive");
    await untilItDies(dataDir, "record.put", client);
    const { writes } = await untilTheEnd(dataDir, client);
    expect(writes).toContain("queue.release");

    const ends = await twoAtATime(writes, async (write, index) => {
      const again = await dataFolder();
      const uploader = clientOf("a good archive");
      const first = await untilItDies(again, "record.put", uploader);
      const second = await untilItDies(again, index + 1, uploader);
      const { answer } = await untilTheEnd(again, uploader);
      return { after: write, crashes: [first.ended, second.ended], status: answer.status, ...ledgerOf(again) };
    });

    const once = { crashes: ["killed", "killed"], status: "graded", records: 1, messages: 0, deadLetters: [] };
    expect(ends).toEqual(writes.map((write) => ({ after: write, ...once })));
  });

  it("grades an upload that was stored and never answered, though its client stays away", async () => {
    const dataDir = await dataFolder();
    const client = clientOf("a good archive");
    await untilItDies(dataDir, "upload.receive", client);

    const service = startService(dataDir);
    const answer = await client.waitForEnd((await service.url)!);
    await service.stop();

    expect(answer.status).toBe("graded");
    expect(ledgerOf(dataDir)).toEqual({ records: 1, messages: 0, deadLetters: [] });
  });

  it("gives the same answer after every start", async () => {
    const dataDir = await dataFolder();
    const client = clientOf("a good archive");
    const first = await untilTheEnd(dataDir, client);

    const second = await untilTheEnd(dataDir, client);

    expect(second.answer).toEqual(first.answer);
    expect(second.writes).toEqual([]);
  });

  it("tries a station again that failed for a while", async () => {
    const dataDir = await dataFolder();
    const client = clientOf("a good archive");
    await untilItDies(dataDir, "object.write", client);
    const obstacle = await obstructPredictions(dataDir);

    const crash = await untilItDies(dataDir, "queue.retry", client);
    await rm(obstacle);
    const { answer } = await untilTheEnd(dataDir, client);

    expect(crash.ended).toBe("killed");
    expect(answer.status).toBe("graded");
    expect(ledgerOf(dataDir)).toEqual({ records: 1, messages: 0, deadLetters: [] });
  });

  it("puts an unreadable message aside once, and grades what lies behind it", async () => {
    const dataDir = await dataFolder();
    const client = clientOf("a good archive");
    await untilItDies(dataDir, "upload.receive", client);
    plantPoison(dataDir, "stored");

    const crash = await untilItDies(dataDir, "queue.bury", client);
    const { answer } = await untilTheEnd(dataDir, client);

    expect(crash.ended).toBe("killed");
    expect(answer.status).toBe("graded");
    expect(ledgerOf(dataDir)).toEqual({ records: 1, messages: 0, deadLetters: ["stored: MESSAGE_UNREADABLE"] });
  });

  it("closes a grading whose message goes to the dead letters, and closes it once", async () => {
    const dataDir = await dataFolder();
    const client = clientOf("a good archive");
    await untilItDies(dataDir, "queue.send#3", client); // The request to the model.
    await rm(join(dataDir, "objects", "clips"), { recursive: true });

    const crash = await untilItDies(dataDir, "queue.bury", client);
    const { answer } = await untilTheEnd(dataDir, client);

    expect(crash.ended).toBe("killed");
    expect(answer).toMatchObject({ status: "rejected", rejection: { code: "OBJECT_MISSING" } });
    expect(ledgerOf(dataDir)).toMatchObject({ records: 0, messages: 0 });
  });

  it("gives up on an upload that the service dies of each time, and says so", async () => {
    const dataDir = await dataFolder();
    const client = clientOf("a good archive");
    await untilItDies(dataDir, "grading.pin", client);

    // The first take was before; every further start dies as soon as it has the message in its hands.
    const crashes: string[] = [];
    for (let attempt = 2; attempt <= 5; attempt++) crashes.push((await untilItDies(dataDir, "queue.take")).ended);
    const { answer } = await untilTheEnd(dataDir, client);

    expect(crashes).toEqual(["killed", "killed", "killed", "killed"]);
    expect(answer).toMatchObject({ status: "rejected", rejection: { code: "STATION_GAVE_UP" } });
    expect(ledgerOf(dataDir)).toMatchObject({ records: 0, messages: 0, deadLetters: ["stored: STATION_GAVE_UP"] });
  });
});

const normalRuns = new Map<Kind, Promise<readonly DurableWrite[]>>();

/** The durable writes of a service that nothing happens to, in their order. */
function writesOf(kind: Kind): Promise<readonly DurableWrite[]> {
  const known = normalRuns.get(kind) ?? normalRun(kind);
  normalRuns.set(kind, known);
  return known;
}

async function normalRun(kind: Kind) {
  return (await untilTheEnd(await dataFolder(), clientOf(kind))).writes;
}

async function archiveWithHalfAPicture(): Promise<Blob> {
  const archive = await loosePhantom();
  const [file, bytes] = Object.entries(archive.pictures).at(-1)!;
  return packed({ ...archive, pictures: { ...archive.pictures, [file]: bytes.subarray(0, bytes.length / 2) } });
}

/** A file where the folder of the predictions would be: no model's answer can be stored. */
async function obstructPredictions(dataDir: string): Promise<string> {
  const obstacle = join(dataDir, "objects", "predictions");
  await writeFile(obstacle, "");
  return obstacle;
}

/** Each input's outcome, in their order; two under way at most, as there are two cores. */
async function twoAtATime<Input, Outcome>(
  inputs: readonly Input[],
  run: (input: Input, index: number) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = [...inputs.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      outcomes[next[0]] = await run(next[1], next[0]);
    }
  };
  await Promise.all([work(), work()]);
  return outcomes;
}
