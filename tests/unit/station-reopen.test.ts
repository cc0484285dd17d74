import { describe, expect, it } from "vitest";
import { StationGaveUp } from "../../core/errors.ts";
import { rejectGrading } from "../../core/stations/close.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { reopenGivenUp, reopenGrading } from "../../core/stations/reopen.ts";
import { CLINIC, completed, GRADING, receiveArchive, stationHouse, writeJson } from "../builders/station-house.ts";
import { aGrading, digestOf } from "../contract/builders.ts";

describe("reopening", () => {
  it("reopens a grading that its station gave up, as if it had never been swept", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: GRADING, status: "cropping", sweeps: 8 }));
    await rejectGrading(house, GRADING, new StationGaveUp("Tried 5 times."));

    const isWorthSending = await reopenGrading(house, GRADING, "cropping");

    expect(isWorthSending).toBe(true);
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "cropping", rejection: null, sweeps: 0 });
  });

  it("sends a dead letter whose grading still waits, and leaves the grading as it is", async () => {
    const house = stationHouse();
    const waiting = aGrading({ gradingId: GRADING, status: "grading" });
    await house.gradings.create(waiting);

    const isWorthSending = await reopenGrading(house, GRADING, "cropping");

    expect(isWorthSending).toBe(true);
    expect(await house.gradings.find(GRADING)).toEqual(waiting);
  });

  it.each([
    ["has been graded", aGrading({ gradingId: GRADING, status: "graded" })],
    [
      "was rejected for what was uploaded",
      aGrading({ gradingId: GRADING, status: "rejected", rejection: { code: "NOT_A_ZIP", detail: "no zip" } }),
    ],
  ])("leaves alone what %s", async (_what, grading) => {
    const house = stationHouse();
    await house.gradings.create(grading);

    const isWorthSending = await reopenGrading(house, GRADING, "cropping");

    expect(isWorthSending).toBe(false);
    expect(await house.gradings.find(GRADING)).toEqual(grading);
  });

  it("has nothing to send for a grading that is not there", async () => {
    expect(await reopenGrading(stationHouse(), GRADING, "cropping")).toBe(false);
  });
});

describe("reopening what was given up", () => {
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
});
