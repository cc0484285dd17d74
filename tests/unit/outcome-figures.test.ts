import { describe, expect, it } from "vitest";
import { outcomeFigures } from "../../cli/evaluation/figures/outcome.ts";
import { isMeasured } from "../../cli/evaluation/measured.ts";
import { evaluatedEmbryo, modelAnswering } from "../builders/evaluation.ts";

const RESAMPLING = { resamples: 20 };

describe("quality groups against the outcome", () => {
  it("have a greater area the more often the better group has the heartbeat", () => {
    const subjects = [
      evaluatedEmbryo("top", { icm: "A", te: "A", outcome: 1 }),
      evaluatedEmbryo("good", { icm: "A", te: "B", outcome: 1 }),
      evaluatedEmbryo("fair", { icm: "B", te: "B", outcome: 0 }),
      evaluatedEmbryo("poor", { icm: "A", te: "C", outcome: 0 }),
      evaluatedEmbryo("not transferred", { icm: "A", te: "A" }),
    ];
    const answers = modelAnswering("RNN", {
      top: { icm: "B", te: "C" },
      good: { icm: "A", te: "B" },
      fair: { icm: "A", te: "A" },
      poor: { icm: "B", te: "A" },
      "not transferred": { icm: "C", te: "C" },
    });

    const figures = outcomeFigures(subjects, answers, RESAMPLING);

    if (!isMeasured(figures)) throw new Error(figures.notMeasurable);
    expect(figures).toMatchObject({ embryos: 4, positives: 2 });
    // By the label: TQB and GQB with, GQB and PQB without; one of four pairs is a tie.
    expect(figures.embryologist.auc.value).toBeCloseTo(3.5 / 4, 12);
    // By the network: PQB and GQB with, TQB and GQB without.
    expect(figures.network.auc.value).toBeCloseTo(0.5 / 4, 12);
    expect(figures.deLong).toMatchObject({ z: expect.any(Number), p: expect.any(Number) });
  });
});
