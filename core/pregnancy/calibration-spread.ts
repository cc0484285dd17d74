import { type HosmerLemeshow, hosmerLemeshow } from "../statistics/hosmer-lemeshow.ts";
import { type CalibrationMethod, calibrationBy } from "./calibration-map.ts";
import { type CycleOutcome, crossFitted } from "./cross-fitting.ts";

/** Declared before anything was measured. */
const SPREAD_SEEDS: readonly number[] = Array.from({ length: 20 }, (_, n) => n + 1);

/** The test of one deal of the folds. */
export interface SeededTest extends HosmerLemeshow {
  readonly seed: number;
}

/**
 * The Hosmer-Lemeshow test of cross-fitted calibration over 20 deals of the folds. Even calibrated probabilities fail it now
 * and then, so that one seed can be picked to show either: what is reported is all of them.
 *
 * @param folds from 2 to the number of cycles
 * @returns one test a seed of 1 to 20, in their order, with as many degrees of freedom as groups
 * @throws RangeError for folds out of range or, by Platt scaling, a score outside 0 to 1
 */
export function hosmerLemeshowSpread(
  cases: readonly CycleOutcome[],
  method: CalibrationMethod,
  folds: number,
): SeededTest[] {
  return SPREAD_SEEDS.map((seed) => {
    const probabilities = crossFitted(cases, calibrationBy(method), { folds, seed });
    const forecasts = cases.map(({ positive }, n) => ({ probability: probabilities[n]!, observed: positive ? 1 : 0 }));
    return { seed, ...hosmerLemeshow(forecasts, { fitted: false }) };
  });
}
