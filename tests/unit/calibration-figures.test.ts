import { describe, expect, it } from "vitest";
import { calibrationFigures } from "../../cli/evaluation/figures/calibration.ts";
import { isMeasured } from "../../cli/evaluation/measured.ts";
import { evaluatedEmbryo, servedAnswer } from "../builders/evaluation.ts";

const RESAMPLING = { resamples: 20 };

describe("how far the grade probabilities can be believed", () => {
  const subjects = [
    evaluatedEmbryo("a", { cycleId: "1", icm: "C", icmVotes: ["A", "A"] }),
    evaluatedEmbryo("b", { cycleId: "2", icm: "C", icmVotes: ["B", "B"] }),
  ];
  // The scores are for the wrong grade, what is calibrated for the right one: 70 % each.
  const served = new Map([
    ["a", servedAnswer("B", "A", { icm: "A", te: "A" })],
    ["b", servedAnswer("A", "A", { icm: "B", te: "A" })],
  ]);
  const measured = () => {
    const figures = calibrationFigures(subjects, served, "icm", RESAMPLING);
    if (!isMeasured(figures)) throw new Error(figures.notMeasurable);
    return figures;
  };

  it("is measured on the votes, for the scores and for what is calibrated from them", () => {
    const { embryos, truth, scores, probabilities, sharesLogLoss } = measured();

    expect([embryos, truth]).toEqual([2, "votes"]);
    expect(scores.logLoss.value).toBeCloseTo(-Math.log(0.15), 12);
    expect(probabilities.logLoss.value).toBeCloseTo(-Math.log(0.7), 12);
    expect(sharesLogLoss.value).toBeCloseTo(Math.LN2, 12);
    expect(probabilities.brier.value).toBeCloseTo(0.3 ** 2 + 2 * 0.15 ** 2, 12);
    expect(probabilities.ece.value).toBeLessThan(scores.ece.value);
  });

  it("has an interval for the share that was voted at each point of its curve", () => {
    const { probabilities } = measured();

    expect(probabilities.curve).toEqual([
      { predicted: expect.closeTo(0.15, 12), observed: { value: 0, low: 0, high: 0 }, count: 4 },
      { predicted: expect.closeTo(0.7, 12), observed: { value: 1, low: 1, high: 1 }, count: 2 },
    ]);
  });
});
