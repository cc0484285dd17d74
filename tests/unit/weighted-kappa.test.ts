import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GRADES, type Grade } from "../../core/contracts/grades.ts";
import { type KappaWeights, weightedKappa } from "../../core/statistics/weighted-kappa.ts";

const WEIGHTS: readonly KappaWeights[] = ["unweighted", "linear", "quadratic"];

/** Pairs from a table of counts, truth in rows and prediction in columns. */
const pairsOf = (table: readonly (readonly number[])[]) =>
  table.flatMap((row, i) =>
    row.flatMap((count, j) =>
      Array.from({ length: count }, () => ({ truth: GRADES[i] as Grade, predicted: GRADES[j] as Grade })),
    ),
  );

const anyPairs = fc.array(fc.record({ truth: fc.constantFrom(...GRADES), predicted: fc.constantFrom(...GRADES) }), {
  minLength: 1,
  maxLength: 60,
});

describe("weightedKappa", () => {
  // Rows 6, 8, 6 and columns 5, 8, 7 of 20. Observed: 6 pairs one grade apart, 1 pair two apart. By chance:
  // (6*8 + 8*5 + 8*7 + 6*8) / 20 = 9.6 one apart and (6*7 + 6*5) / 20 = 3.6 two apart.
  it.each([
    ["unweighted", 1 - (6 + 1) / (9.6 + 3.6)],
    ["linear", 1 - (6 + 2) / (9.6 + 7.2)],
    ["quadratic", 1 - (6 + 4) / (9.6 + 14.4)],
  ] as const)("is what a hand reckons, %s", (weights, expected) => {
    const pairs = pairsOf([
      [4, 2, 0],
      [0, 5, 3],
      [1, 1, 4],
    ]);

    const kappa = weightedKappa(pairs, weights);

    expect(kappa).toBeCloseTo(expected, 12);
  });

  it("is 1 for perfect agreement and -1 for two grades always swapped", () => {
    const perfect = pairsOf([
      [3, 0, 0],
      [0, 2, 0],
      [0, 0, 1],
    ]);
    const swapped = pairsOf([
      [0, 0, 5],
      [0, 0, 0],
      [5, 0, 0],
    ]);

    for (const weights of WEIGHTS) {
      expect(weightedKappa(perfect, weights)).toBe(1);
      expect(weightedKappa(swapped, weights)).toBeCloseTo(-1, 12);
    }
  });

  it("is 0 for grades that know nothing of each other", () => {
    const independent = pairsOf([
      [4, 2, 2],
      [2, 1, 1],
      [2, 1, 1],
    ]);

    for (const weights of WEIGHTS) expect(weightedKappa(independent, weights)).toBeCloseTo(0, 12);
  });

  it("is not a number without pairs or when both always say the same grade", () => {
    for (const weights of WEIGHTS) {
      expect(weightedKappa([], weights)).toBeNaN();
      expect(weightedKappa(pairsOf([[7]]), weights)).toBeNaN();
    }
  });

  it("is the same whichever grader is the truth and whichever end of the scale is best", () => {
    const turned = (grade: Grade) => GRADES[2 - GRADES.indexOf(grade)] as Grade;

    fc.assert(
      fc.property(anyPairs, fc.constantFrom(...WEIGHTS), (pairs, weights) => {
        const kappa = weightedKappa(pairs, weights);
        fc.pre(!Number.isNaN(kappa));

        const swapped = pairs.map(({ truth, predicted }) => ({ truth: predicted, predicted: truth }));
        const reversed = pairs.map(({ truth, predicted }) => ({ truth: turned(truth), predicted: turned(predicted) }));

        expect(weightedKappa(swapped, weights)).toBeCloseTo(kappa, 9);
        expect(weightedKappa(reversed, weights)).toBeCloseTo(kappa, 9);
        expect(kappa).toBeLessThanOrEqual(1);
        expect(kappa).toBeGreaterThanOrEqual(-1 - 1e-9);
      }),
    );
  });
});
