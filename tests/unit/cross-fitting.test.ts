import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CycleOutcome, crossFitted, crossFittedIsotonic } from "../../core/pregnancy/cross-fitting.ts";
import { fitIsotonic, isotonicProbability } from "../../core/pregnancy/isotonic-calibrator.ts";

const anyCases = fc.array(
  fc.record({
    cycleId: fc.integer({ min: 0, max: 9 }).map(String),
    score: fc.integer({ min: 0, max: 10 }),
    positive: fc.boolean(),
  }),
  { minLength: 12, maxLength: 40 },
);
const cyclesOf = (cases: readonly CycleOutcome[]) => new Set(cases.map(({ cycleId }) => cycleId)).size;

describe("cross-fitted isotonic calibration", () => {
  it("gives each case what a calibrator says that saw no embryo of its cycle", () => {
    // With a fold a cycle, the calibrator of a case is the one of all other cycles.
    fc.assert(
      fc.property(anyCases, (cases) => {
        fc.pre(cyclesOf(cases) >= 2);

        const probabilities = crossFittedIsotonic(cases, { folds: cyclesOf(cases), seed: 1 });

        for (const [place, { cycleId, score }] of cases.entries()) {
          const others = fitIsotonic(cases.filter((other) => other.cycleId !== cycleId));
          expect(probabilities[place]).toBe(isotonicProbability(others, score));
        }
      }),
    );
  });

  it("takes any calibration, which is never shown the cases that it is asked about", () => {
    const cases = Array.from({ length: 12 }, (_, n) => ({ cycleId: `${n % 6}`, score: n, positive: n < 6 }));
    const shown: number[][] = [];

    const probabilities = crossFitted(
      cases,
      (some) => {
        shown.push(some.map(({ score }) => score));
        return (score) => score / 100;
      },
      { folds: 3, seed: 1 },
    );

    expect(probabilities).toEqual(cases.map(({ score }) => score / 100));
    expect(shown.map((scores) => scores.length)).toEqual([8, 8, 8]);
    for (const { score } of cases) expect(shown.filter((scores) => !scores.includes(score))).toHaveLength(1);
  });

  it("deals the same folds from the same seed, and others from another", () => {
    const cases = Array.from({ length: 60 }, (_, n) => ({
      cycleId: `${n}`,
      score: (n * 7) % 13,
      positive: (n * 5) % 7 < 3,
    }));

    const [one, same, other] = [1, 1, 2].map((seed) => crossFittedIsotonic(cases, { folds: 5, seed }));

    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it("spreads the few positives over the folds, so that every calibrator has seen some", () => {
    const cases = Array.from({ length: 50 }, (_, n) => ({ cycleId: `${n}`, score: 1, positive: n < 5 }));

    const probabilities = crossFittedIsotonic(cases, { folds: 5, seed: 3 });

    // One positive a fold of ten, so that each calibrator has four among forty.
    expect(new Set(probabilities)).toEqual(new Set([4 / 40]));
  });

  it.each([0, 1, 4, 2.5])("refuses %d folds of three cycles", (folds) => {
    const cases = ["a", "b", "c"].map((cycleId) => ({ cycleId, score: 1, positive: true }));

    expect(() => crossFittedIsotonic(cases, { folds, seed: 1 })).toThrow(RangeError);
  });
});
