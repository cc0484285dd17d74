import type { PregnancyCalibrator } from "../contracts/pregnancy-calibrator.ts";
import { clustersOf, quantile, resampled } from "../statistics/bootstrap.ts";
import { logistic } from "../statistics/logistic-regression.ts";
import { type Calibration, calibrationBy, fitCalibrationMap, mappedProbability, methodFor } from "./calibration-map.ts";
import type { CycleOutcome } from "./cross-fitting.ts";
import { isotonicProbability } from "./isotonic-calibrator.ts";

/** What the calibrator's file says of itself, and how its interval is drawn. */
export interface PregnancyCalibration {
  /** Of the model that gave the scores. */
  readonly modelSha256: string;
  /** Whether model or cases are phantoms. */
  readonly demo: boolean;
  /** Such as 2026-03-31. */
  readonly fittedOn: string;
  /** Whose embryos the cases are: 1 to 500 characters. */
  readonly description: string;
  /** Whole number; the same one draws the same interval. */
  readonly seed: number;
  /** From 40 on: of fewer the 2.5th percentile is none. @default 1000 */
  readonly resamples?: number;
}

/** A probability of clinical pregnancy, with how far another sample of such cases might have moved it; all above 0 and below 1. */
export interface CalibratedProbability {
  readonly probability: number;
  readonly low: number;
  readonly high: number;
}

/** Fewer say nothing worth an answer to a patient. */
const LEAST_CASES = 20;
/** Drawn with replacement, fewer are too often the same ones. */
const LEAST_CYCLES = 10;
const LEAST_RESAMPLES = 40;
const LEVEL = 0.95;
/** Log-odds from beyond the even steps to where a score counts as 0 or 1: a Platt map is steep there. */
const TAIL = Array.from({ length: 10 }, (_, n) => n + 4);
/** Scores from 0 to 1 at which the interval is drawn. */
const GRID = [
  0,
  ...TAIL.toReversed().map((logOdds) => logistic(-logOdds)),
  ...Array.from({ length: 49 }, (_, n) => (n + 1) / 50),
  ...TAIL.map(logistic),
  1,
];

/**
 * Fits a clinic's calibrator by the method for its number of cases ({@link methodFor}). The interval is a percentile
 * bootstrap by whole cycles of the same fit; resamples with one outcome only are left out.
 *
 * @param cases transferred embryos whose outcome is known; scores 0 to 1
 * @throws RangeError for fewer than 20 cases or 10 cycles, for one outcome only, for a score or resamples out of range
 */
export function fitPregnancyCalibrator(
  cases: readonly CycleOutcome[],
  { modelSha256, demo, fittedOn, description, seed, resamples = 1000 }: PregnancyCalibration,
): PregnancyCalibrator {
  const sample = { ...counted(cases), description };
  if (!Number.isSafeInteger(resamples) || resamples < LEAST_RESAMPLES) {
    throw new RangeError(`${resamples} resamples: wanted ${LEAST_RESAMPLES} or more`);
  }
  const method = methodFor(cases.length);
  return {
    schema: "blastograde/pregnancy-calibrator@1",
    modelSha256,
    demo,
    fittedOn,
    outcome: "clinical pregnancy (gestational sac)",
    sample,
    ...fitCalibrationMap(method, cases),
    interval: { level: LEVEL, points: intervalPoints(cases, calibrationBy(method), { seed, resamples }) },
  };
}

/**
 * What a calibrator makes of a raw score: never less for a higher one, and always within its own interval.
 *
 * @param calibrator fitted for the model that gave the score; whoever calls sees to that
 * @param rawScore 0 to 1
 * @throws RangeError for a score out of range
 */
export function calibratedProbability(calibrator: PregnancyCalibrator, rawScore: number): CalibratedProbability {
  refuseOutOfRange(rawScore);
  const { sample, interval } = calibrator;
  const probability = mappedProbability(calibrator, rawScore, sample.cases);
  const bound = (side: "low" | "high") =>
    isotonicProbability(
      { knots: interval.points.map((point) => ({ score: point.score, probability: point[side] })) },
      rawScore,
    );
  // Between two points of the interval the map may turn.
  return {
    probability,
    low: Math.min(probability, bound("low")),
    high: Math.max(probability, bound("high")),
  };
}

function counted(cases: readonly CycleOutcome[]) {
  for (const { score } of cases) refuseOutOfRange(score);
  const positives = cases.filter(({ positive }) => positive).length;
  const cycles = new Set(cases.map(({ cycleId }) => cycleId)).size;
  if (cases.length < LEAST_CASES || cycles < LEAST_CYCLES) {
    throw new RangeError(
      `${cases.length} cases of ${cycles} cycles: wanted at least ${LEAST_CASES} cases of ${LEAST_CYCLES} cycles`,
    );
  }
  if (positives === 0 || positives === cases.length) {
    throw new RangeError(`of ${cases.length} cases ${positives} are positive: wanted both outcomes`);
  }
  return { cases: cases.length, positives, cycles };
}

function refuseOutOfRange(score: number): void {
  if (!(score >= 0 && score <= 1)) throw new RangeError(`score ${score}: wanted 0 to 1`);
}

function intervalPoints(
  cases: readonly CycleOutcome[],
  calibration: Calibration,
  resampling: { readonly seed: number; readonly resamples: number },
) {
  const fitted = calibration(cases);
  const edge = 1 / (cases.length + 2);
  const drawn: number[][] = GRID.map(() => []);
  for (const some of resampled(clustersOf(cases, { clusterOf: ({ cycleId }) => cycleId }), resampling)) {
    if (some.every(({ positive }) => positive === some[0]!.positive)) continue;
    const calibrated = calibration(some);
    for (const [n, score] of GRID.entries()) drawn[n]!.push(Math.min(1 - edge, Math.max(edge, calibrated(score))));
  }
  let [low, high] = [0, 0];
  return GRID.map((score, n) => {
    const [sorted, probability] = [drawn[n]!.sort((a, b) => a - b), fitted(score)];
    low = Math.max(low, Math.min(probability, quantile(sorted, (1 - LEVEL) / 2)));
    high = Math.max(high, probability, quantile(sorted, (1 + LEVEL) / 2));
    return { score, low, high };
  });
}
