import { describe, expect, it } from "vitest";
import { objectKeys } from "../../core/stations/keys.ts";
import { announceStoredUploads, sweepGradings } from "../../core/stations/sweep.ts";
import { CLINIC, completed, GRADING, receiveArchive, stationHouse, writeJson } from "../builders/station-house.ts";
import { aGrading } from "../contract/builders.ts";

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
