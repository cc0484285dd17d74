import { describe, expect, it } from "vitest";
import { StorageUnavailable } from "../../core/errors.ts";
import { setBackGrading } from "../../core/stations/close.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { sweepGradings } from "../../core/stations/sweep.ts";
import {
  CLINIC,
  completed,
  cropping,
  GRADING,
  receiveArchive,
  type StationHouse,
  stationHouse,
  writeJson,
} from "../builders/station-house.ts";
import { aGrading, digestOf } from "../contract/builders.ts";

describe("the sweep's patience", () => {
  const LIMITS = { idleSeconds: 300, setbackSeconds: 60, inferenceSeconds: 3000, uploadSeconds: 7200, triesAtMost: 3 };

  const asked = (house: StationHouse) => receiveArchive(house, { status: "grading", askedAt: iso(house) });
  const iso = (house: StationHouse) => house.clock.now().toISOString();
  /** The model is asked and fails. */
  const setBack = async (house: StationHouse) => {
    await house.gradings.change(GRADING, ["cropping"], { status: "grading" });
    const failure = { code: "MODEL_FAILED", message: "The container died." };
    await setBackGrading(house, (await house.gradings.find(GRADING))!, failure);
  };

  it("asks the model again only when its request cannot be waiting any more", async () => {
    const house = stationHouse();
    await asked(house);

    const sent = [];
    for (const seconds of [600, 2000, 500]) {
      house.clock.passSeconds(seconds);
      sent.push((await sweepGradings(house, LIMITS)).sent);
    }

    expect(sent).toEqual([0, 0, 1]);
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading", askedAt: null });
  });

  it("asks sooner where nobody noted that the model was asked", async () => {
    const house = stationHouse();
    await receiveArchive(house, { status: "grading" });
    house.clock.passSeconds(600);

    await sweepGradings(house, LIMITS);

    expect(house.cropJobs.messages).toEqual([{ clinicId: CLINIC, gradingId: GRADING }]);
  });

  it("finds an answer whose notification was lost without waiting so long", async () => {
    const house = stationHouse();
    await asked(house);
    const answer = objectKeys.prediction(CLINIC, GRADING);
    await writeJson(house, answer, { clipSha256: null });
    house.clock.passSeconds(600);

    await sweepGradings(house, LIMITS);

    expect(house.finished.messages).toEqual([completed(GRADING, answer)]);
  });

  it("sends a grading that was set back once, and waits twice as long after each further setback", async () => {
    const house = stationHouse();
    await asked(house);

    const sent = [];
    for (const seconds of [59, 1, 60, 119, 1]) {
      if (seconds !== 1 && seconds !== 60) await setBack(house);
      house.clock.passSeconds(seconds);
      sent.push((await sweepGradings(house, LIMITS)).sent);
    }

    expect(sent).toEqual([0, 1, 0, 0, 1]);
    expect(await house.gradings.find(GRADING)).toMatchObject({ setback: { times: 2 } });
  });

  it("gives a grading up that was set back again and again, and says what stood in its way", async () => {
    const house = stationHouse();
    await asked(house);

    const closed = [];
    for (let times = 1; times <= 3; times++) {
      await setBack(house);
      house.clock.passSeconds(600);
      closed.push((await sweepGradings(house, LIMITS)).closed);
    }

    expect(closed).toEqual([0, 0, 1]);
    const rejection = { code: "STATION_GAVE_UP", detail: expect.stringContaining("The container died.") };
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "rejected", rejection });
  });

  it("gives a grading up that never moved however often it was sent", async () => {
    const house = stationHouse();
    await receiveArchive(house, { status: "cropping" });

    const closed = [];
    for (const seconds of [301, 601, 1201, 2401]) {
      house.clock.passSeconds(seconds);
      closed.push((await sweepGradings(house, LIMITS)).closed);
    }

    expect(closed).toEqual([0, 0, 0, 1]);
    expect(house.cropJobs.messages).toHaveLength(3);
  });

  it("counts anew once a grading has moved", async () => {
    const { house, job } = await cropping();
    await house.gradings.change(GRADING, ["cropping"], { sweeps: 2 });

    await cropEmbryo(job, house);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading", sweeps: 0 });
  });

  it("goes on behind a grading that cannot be looked at, and says so at the end", async () => {
    const house = stationHouse();
    await receiveArchive(house, { gradingId: "a-broken", status: "received" });
    await receiveArchive(house, { gradingId: "b-sound", status: "cropping" });
    house.clock.passSeconds(600);
    const objects = { ...house.objects, head: () => Promise.reject(new StorageUnavailable("S3 is down.")) };

    const { sent, failures } = await sweepGradings({ ...house, objects }, LIMITS);

    expect([sent, failures]).toEqual([1, [expect.objectContaining({ code: "STORAGE_UNAVAILABLE" })]]);
    expect(house.cropJobs.messages).toEqual([{ clinicId: CLINIC, gradingId: "b-sound" }]);
  });

  it("looks for an upload that has not come yet after its time, not at each sweep", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: "not-yet" }));
    let looks = 0;
    const objects = {
      ...house.objects,
      async head() {
        looks++;
        return null;
      },
    };

    for (const seconds of [301, 60, 60, 301]) {
      house.clock.passSeconds(seconds);
      await sweepGradings({ ...house, objects }, LIMITS);
    }

    expect(looks).toBe(2);
  });

  it("sends on what it can read where a row cannot be read", async () => {
    const house = stationHouse();
    await receiveArchive(house, { status: "cropping" });
    house.clock.passSeconds(600);
    const gradings = {
      ...house.gradings,
      async *listUnfinished(updatedBefore: string) {
        yield* house.gradings.listUnfinished(updatedBefore);
        throw new StorageUnavailable("A row cannot be read.");
      },
    };

    const { sent, failures } = await sweepGradings({ ...house, gradings }, LIMITS);

    expect([sent, failures.length]).toEqual([1, 1]);
  });

  it("does nothing about a grading that has moved since it was listed", async () => {
    const house = stationHouse();
    await receiveArchive(house, { status: "grading" });
    house.clock.passSeconds(600);
    const gradings = {
      ...house.gradings,
      async *listUnfinished(updatedBefore: string) {
        for await (const grading of house.gradings.listUnfinished(updatedBefore)) {
          await house.gradings.change(GRADING, ["grading"], { askedAt: iso(house), updatedAt: iso(house) });
          yield grading;
        }
      },
    };

    const { sent } = await sweepGradings({ ...house, gradings }, LIMITS);

    expect(sent).toBe(0);
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading", askedAt: iso(house) });
  });

  it("takes no answer to a clip of before for today's, and waits on", async () => {
    const house = stationHouse();
    await receiveArchive(house, { status: "grading", askedAt: iso(house), clipSha256: digestOf("clip") });
    await writeJson(house, objectKeys.prediction(CLINIC, GRADING), { clipSha256: digestOf("an older clip") });
    house.clock.passSeconds(600);

    const { sent } = await sweepGradings(house, LIMITS);

    expect(sent).toBe(0);
    expect(house.finished.messages).toEqual([]);
  });

  it("gives nothing up whose answer may still come", async () => {
    const house = stationHouse();
    const at = iso(house);
    const setback = { code: "MODEL_FAILED", detail: "It died.", at, times: 3 };
    await receiveArchive(house, { status: "grading", sweeps: 3, setback, askedAt: at });
    house.clock.passSeconds(2900);

    const { closed } = await sweepGradings(house, LIMITS);

    expect(closed).toBe(0);
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading" });
  });

  it("rejects a pinned upload that is gone, and says what to do", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: GRADING, objectVersion: "1" }));
    house.clock.passSeconds(600);

    const { closed } = await sweepGradings(house, LIMITS);

    expect(closed).toBe(1);
    expect(await house.gradings.find(GRADING)).toMatchObject({ rejection: { code: "OBJECT_MISSING" } });
  });

  it("tells the age of the oldest grading that waits, and counts no form that nobody used", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: "never-uploaded" }));
    house.clock.passSeconds(100);
    const now = house.clock.now().toISOString();
    await receiveArchive(house, { gradingId: "older", status: "cropping", receivedAt: now, updatedAt: now });
    await receiveArchive(house, { gradingId: "graded", status: "graded" });
    house.clock.passSeconds(200);

    const { oldestUnfinishedSeconds } = await sweepGradings(house, LIMITS);

    expect(oldestUnfinishedSeconds).toBe(200);
  });
});
