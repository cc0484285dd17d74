import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitIsotonic, isotonicProbability, type ScoredOutcome } from "../../core/pregnancy/isotonic-calibrator.ts";

const SCORES = [
  0.95, 0.55, 0.95, 0.7, 0.7, 0.2, 1, 0, 0.25, 0.45, 0.8, 0.2, 0.85, 1, 0.15, 0.6, 0, 0.4, 0.05, 0.95, 0.45, 0.95, 0.8,
  0.85, 0.15, 0.05, 0.6, 0.15, 0.75, 0.4, 0.55, 0.95, 0.5, 0.1, 0.15, 0.55, 0.5, 0.65, 0.4, 0.65,
];
const OUTCOMES = [..."1001101000000101000101110001010000101010"].map(Number);

const anyCases = fc.array(fc.record({ score: fc.integer({ min: -8, max: 8 }), positive: fc.boolean() }), {
  minLength: 1,
  maxLength: 40,
});

/** The same regression by its min-max formula: at each score, the best of all worst means of neighbours. */
function byFormula(cases: readonly ScoredOutcome[], score: number): number {
  const scores = [...new Set(cases.map((one) => one.score))].sort((a, b) => a - b);
  const meanBetween = (from: number, to: number) => {
    const some = cases.filter((one) => one.score >= from && one.score <= to);
    return some.filter(({ positive }) => positive).length / some.length;
  };
  const [below, above] = [scores.filter((one) => one <= score), scores.filter((one) => one >= score)];
  const raw = Math.max(...below.map((from) => Math.min(...above.map((to) => meanBetween(from, to)))));
  const edge = 1 / (cases.length + 2);
  return Math.min(1 - edge, Math.max(edge, raw));
}

describe("the isotonic calibrator", () => {
  it("gives what scikit-learn gives, between scores and beyond them too", () => {
    // scikit-learn 1.2.1: IsotonicRegression(out_of_bounds="clip", y_min=1/42, y_max=41/42).
    const expected = [
      [-1, 0.02380952381],
      [0, 0.02380952381],
      [0.11, 0.07619047619],
      [0.3, 0.285714285714],
      [0.425, 0.285714285714],
      [0.5, 0.285714285714],
      [0.72, 0.571428571429],
      [0.9, 0.585714285714],
      [1, 0.97619047619],
      [2, 0.97619047619],
    ] as const;

    const calibrator = fitIsotonic(SCORES.map((score, n) => ({ score, positive: OUTCOMES[n] === 1 })));

    for (const [score, probability] of expected) {
      expect(isotonicProbability(calibrator, score), `${score}`).toBeCloseTo(probability, 10);
    }
  });

  it("is the regression that the min-max formula names", () => {
    fc.assert(
      fc.property(anyCases, (cases) => {
        const calibrator = fitIsotonic(cases);

        for (const { score } of cases) {
          expect(isotonicProbability(calibrator, score)).toBeCloseTo(byFormula(cases, score), 12);
        }
      }),
    );
  });

  it("never falls, never rules out and never takes for certain", () => {
    fc.assert(
      fc.property(
        anyCases,
        fc.double({ min: -10, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (cases, score, more) => {
          const calibrator = fitIsotonic(cases);

          const [low, high] = [isotonicProbability(calibrator, score), isotonicProbability(calibrator, score + more)];
          expect(high).toBeGreaterThanOrEqual(low - 1e-12);
          expect(Math.min(low, 1 - high)).toBeGreaterThanOrEqual(1 / (cases.length + 2) - 1e-12);
        },
      ),
    );
  });

  it("does not depend on the order of the cases", () => {
    fc.assert(
      fc.property(anyCases, (cases) => {
        expect(fitIsotonic(cases.toReversed())).toEqual(fitIsotonic(cases));
      }),
    );
  });

  it.each([[[]], [[{ score: Number.NaN, positive: true }]]])("refuses %j", (cases) => {
    expect(() => fitIsotonic(cases)).toThrow(RangeError);
  });
});
