import {
  fitIsotonic,
  type IsotonicCalibrator,
  isotonicProbability,
  type ScoredOutcome,
} from "./isotonic-calibrator.ts";
import { fitPlatt, type PlattCalibrator, plattProbability } from "./platt-scaling.ts";

export const CALIBRATION_METHODS = ["isotonic", "platt"] as const;
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number];

/** A never falling map from scores to probabilities, by either method. */
export type CalibrationMap =
  | { readonly method: "isotonic"; readonly map: IsotonicCalibrator }
  | { readonly method: "platt"; readonly map: PlattCalibrator };

/** Learns from cases what probability a score stands for. */
export type Calibration = (cases: readonly ScoredOutcome[]) => (score: number) => number;

/** From about this number of cases on isotonic regression is as good as Platt scaling or better. */
const ENOUGH_FOR_ISOTONIC = 1000;

/**
 * The method for a number of cases: isotonic regression from 1000 on, Platt scaling below, where isotonic regression overfits.
 *
 * @see Niculescu-Mizil and Caruana 2005, Predicting Good Probabilities with Supervised Learning; scikit-learn's guide
 *   says the same
 */
export function methodFor(cases: number): CalibrationMethod {
  return cases >= ENOUGH_FOR_ISOTONIC ? "isotonic" : "platt";
}

/**
 * @param cases at least one; for Platt scaling with scores from 0 to 1
 * @throws RangeError without cases or for a score out of range
 */
export function fitCalibrationMap(method: CalibrationMethod, cases: readonly ScoredOutcome[]): CalibrationMap {
  return method === "isotonic" ? { method, map: fitIsotonic(cases) } : { method, map: fitPlatt(cases) };
}

/**
 * The calibrated probability of a score, clipped to [1 / (n + 2), 1 - 1 / (n + 2)]: no number of cases rules a pregnancy
 * out, also where a Platt line goes on beyond them.
 *
 * @param cases n, to how many the map was fitted
 * @throws RangeError for a score out of range
 */
export function mappedProbability({ method, map }: CalibrationMap, score: number, cases: number): number {
  const probability = method === "isotonic" ? isotonicProbability(map, score) : plattProbability(map, score);
  const edge = 1 / (cases + 2);
  return Math.min(1 - edge, Math.max(edge, probability));
}

/** What a method makes of cases, for those who fit it several times. @throws RangeError as {@link fitCalibrationMap} */
export function calibrationBy(method: CalibrationMethod): Calibration {
  return (cases) => {
    const fitted = fitCalibrationMap(method, cases);
    return (score) => mappedProbability(fitted, score, cases.length);
  };
}
