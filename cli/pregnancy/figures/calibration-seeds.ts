import { CALIBRATION_METHODS, type CalibrationMethod, calibrationBy } from "../../../core/pregnancy/calibration-map.ts";
import { type CycleOutcome, dealtFolds } from "../../../core/pregnancy/cross-fitting.ts";
import { hosmerLemeshow } from "../../../core/statistics/hosmer-lemeshow.ts";
import type { Forecast } from "../../../core/statistics/reliability.ts";
import { type Measured, notMeasurable } from "../../evaluation/measured.ts";

/** Declared before any result was seen; none is left out. */
export const SEEDS: readonly number[] = Array.from({ length: 20 }, (_, n) => n + 1);

export const STATES = ["raw", ...CALIBRATION_METHODS] as const;
/** The raw score as a probability, or what a calibration made of it. */
export type State = (typeof STATES)[number];

/** Hosmer-Lemeshow's p, 0 to 1, on one half of the embryos; calibrators are fitted to the other half. */
export interface SeedTest {
  readonly seed: number;
  /** Embryos that it is tested on. */
  readonly embryos: number;
  readonly p: Readonly<Record<State, number>>;
}

/**
 * The Hosmer-Lemeshow test once a seed: each seed deals whole cycles into halves. Even right probabilities fail it in one
 * of twenty halves, so that one p says little; the halves overlap, so that twenty are no twenty samples.
 *
 * @param cases none of which the network was trained on; scores 0 to 1
 */
export function seedTests(cases: readonly CycleOutcome[]): Measured<readonly SeedTest[]> {
  if (new Set(cases.map(({ cycleId }) => cycleId)).size < 2) {
    return notMeasurable("one cycle cannot be dealt into halves");
  }
  return SEEDS.map((seed) => {
    const halfOf = dealtFolds(cases, { folds: 2, seed });
    const half = (wanted: number) => cases.filter(({ cycleId }) => halfOf.get(cycleId) === wanted);
    const [fitted, tested] = [half(0), half(1)];
    const pOf = (probability: (score: number) => number) =>
      hosmerLemeshow(
        tested.map(
          ({ score, positive }): Forecast => ({
            probability: probability(score),
            observed: positive ? 1 : 0,
          }),
        ),
        { fitted: false },
      ).p;
    const calibrated = (method: CalibrationMethod) => pOf(calibrationBy(method)(fitted));
    return {
      seed,
      embryos: tested.length,
      p: { raw: pOf((score) => score), isotonic: calibrated("isotonic"), platt: calibrated("platt") },
    };
  });
}

/** In how many of the halves probabilities are called wrong. */
export function failed(tests: readonly SeedTest[], state: State): number {
  return tests.filter(({ p }) => p[state] < SIGNIFICANT).length;
}

export const SIGNIFICANT = 0.05;
