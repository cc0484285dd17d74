import { describe, expect, it } from "vitest";
import { StorageUnavailable } from "../../core/errors.ts";
import { setBackGrading } from "../../core/stations/close.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { announceStoredUploads, reopenGivenUp, sweepGradings } from "../../core/stations/sweep.ts";
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

describe("the sweep", () => {
  const LIMITS = { idleSeconds: 300, setbackSeconds: 60, inferenceSeconds: 500, uploadSeconds: 7200, triesAtMost: 3 };

  it("sends each grading that stopped to the station it stopped at", async () => {
    const house = stationHouse();
    const stored = await receiveArchive(house, { gradingId: "uploaded" });
    await receiveArchive(house, { gradingId: "cropping", status: "cropping" });
    await receiveArchive(house, { gradingId: "asked", status: "grading" });
    await receiveArchive(house, { gradingId: "answered", status: "grading" });
    const answer = objectKeys.prediction(CLINIC, "answered");
    await writeJson(house, answer, { clipSha256: null });
    house.clock.passSeconds(600);

    const { sent } = await sweepGradings(house, LIMITS);

    expect(sent).toBe(4);
    expect(house.stored.messages).toEqual([stored]);
    expect(new Set(house.cropJobs.messages.map(({ gradingId }) => gradingId))).toEqual(new Set(["cropping", "asked"]));
    expect(house.finished.messages).toEqual([completed("answered", answer)]);
  });

  it("sends the version that is pinned, not the newest", async () => {
    const house = stationHouse();
    const first = await receiveArchive(house);
    await house.objects.write(first.key, new Uint8Array(1));
    await house.gradings.pinVersion(GRADING, first.version);
    house.clock.passSeconds(600);

    await sweepGradings(house, LIMITS);

    expect(house.stored.messages).toEqual([first]);
  });

  it("sends a grading again only after it has been idle for twice as long, and so on", async () => {
    const house = stationHouse();
    await receiveArchive(house, { gradingId: "uploaded" });
    await receiveArchive(house, { gradingId: "cropping", status: "cropping" });
    house.clock.passSeconds(600);

    const sent = [];
    for (const seconds of [0, 301, 300, 601, 600]) {
      house.clock.passSeconds(seconds);
      sent.push((await sweepGradings(house, LIMITS)).sent);
    }

    expect(sent).toEqual([2, 0, 2, 0, 2]);
  });

  it("closes an upload that never came, and says to ask for a new form", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: "never-uploaded" }));
    await receiveArchive(house, { gradingId: "uploaded" });
    house.clock.passSeconds(7201);

    await sweepGradings(house, LIMITS);

    const rejection = { code: "UPLOAD_EXPIRED", detail: expect.stringContaining("Ask for a new form") };
    expect(await house.gradings.find("never-uploaded")).toMatchObject({ status: "rejected", rejection });
    expect(await house.gradings.find("uploaded")).toMatchObject({ status: "received", rejection: null });
  });

  it("leaves an upload open that is pinned at the moment it would be closed", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: GRADING }));
    house.clock.passSeconds(7201);
    const objects = {
      ...house.objects,
      async head() {
        await house.gradings.pinVersion(GRADING, "1");
        return null;
      },
    };

    await sweepGradings({ ...house, objects }, LIMITS);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "received", objectVersion: "1" });
  });

  it("leaves what moved lately, what has ended, and what was never uploaded", async () => {
    const house = stationHouse();
    await receiveArchive(house, { gradingId: "graded", status: "graded" });
    await receiveArchive(house, { gradingId: "rejected", status: "rejected" });
    const [template] = house.gradings.all();
    await house.gradings.create({ ...template!, gradingId: "never-uploaded", status: "received" });
    house.clock.passSeconds(600);
    const now = house.clock.now().toISOString();
    await receiveArchive(house, { gradingId: "moving", status: "cropping", updatedAt: now });

    const { sent } = await sweepGradings(house, LIMITS);

    expect(sent).toBe(0);
    expect(house.cropJobs.messages).toEqual([]);
  });
});

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

  it("tells again of an answer that lies there when what was given up is opened, and pays for no second one", async () => {
    const house = stationHouse();
    const rejection = { code: "STATION_GAVE_UP", detail: "Sent on." };
    const digests = { archiveDigest: digestOf("archive"), clipSha256: digestOf("clip") };
    await receiveArchive(house, { status: "rejected", rejection, ...digests });
    const answer = objectKeys.prediction(CLINIC, GRADING);
    await writeJson(house, answer, { clipSha256: digestOf("clip") });

    await reopenGivenUp([GRADING], house);

    expect(house.finished.messages).toEqual([completed(GRADING, answer)]);
    expect(house.cropJobs.messages).toEqual([]);
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading" });
  });

  it("opens again what was given up, at the station it stopped at, and nothing else", async () => {
    const house = stationHouse();
    const gaveUp = { status: "rejected", rejection: { code: "STATION_GAVE_UP", detail: "Sent on." } } as const;
    const stored = await receiveArchive(house, { gradingId: "stored", ...gaveUp });
    await receiveArchive(house, { gradingId: "cut", archiveDigest: digestOf("archive"), ...gaveUp });
    await receiveArchive(house, {
      gradingId: "bad",
      status: "rejected",
      rejection: { code: "NOT_A_ZIP", detail: "no zip" },
    });

    const opened = await reopenGivenUp(["stored", "cut", "bad", "unknown"], house);

    expect(opened).toBe(2);
    expect(house.stored.messages).toEqual([stored]);
    expect(house.cropJobs.messages).toEqual([{ clinicId: CLINIC, gradingId: "cut" }]);
    expect(await house.gradings.find("cut")).toMatchObject({ status: "cropping", rejection: null });
    expect(await house.gradings.find("bad")).toMatchObject({ status: "rejected" });
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

describe("a start", () => {
  it("announces the uploads whose event was never sent, and nothing that has a message", async () => {
    const house = stationHouse();
    const unannounced = await receiveArchive(house, { gradingId: "unannounced" });
    await receiveArchive(house, { gradingId: "pinned", objectVersion: "1" });
    await receiveArchive(house, { gradingId: "cropping", status: "cropping" });
    await receiveArchive(house, { gradingId: "asked", status: "grading" });
    await house.gradings.create(aGrading({ gradingId: "never-uploaded" }));
    house.clock.passSeconds(1);

    const sent = await announceStoredUploads(house);

    expect(sent).toBe(1);
    expect(house.stored.messages).toEqual([unannounced]);
    expect([...house.cropJobs.messages, ...house.finished.messages]).toEqual([]);
  });
});
