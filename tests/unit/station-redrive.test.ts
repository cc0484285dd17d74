import { describe, expect, it } from "vitest";
import { StationGaveUp } from "../../core/errors.ts";
import { rejectGrading } from "../../core/stations/close.ts";
import { reopenGrading } from "../../core/stations/redrive.ts";
import { GRADING, stationHouse } from "../builders/station-house.ts";
import { aGrading } from "../contract/builders.ts";

describe("a redrive", () => {
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
