import { mean } from "../statistics/grade-statistics.ts";
import { finiteLogit, fitLogistic, logistic, logit } from "../statistics/logistic-regression.ts";
import type { ScoredOutcome } from "./isotonic-calibrator.ts";

/** Probability = logistic(intercept + slope * log-odds of the score). */
export interface PlattCalibrator {
  readonly intercept: number;
  /** 0 or more: the map never falls. */
  readonly slope: number;
}

/**
 * Platt scaling: logistic regression of the outcome on the log-odds of the score, with targets a little inside 0 and 1, as
 * if one more case of each outcome were to come. It has two numbers to learn, where isotonic regression has as many as there
 * are scores. Where the best line would fall, or all scores are equal, the best that does not fall is level: every score is
 * given the mean of the targets, about the share of positives.
 *
 * @param cases at least one; scores 0 to 1
 * @throws RangeError without cases or for a score out of range
 * @see Platt 1999, Probabilistic Outputs for Support Vector Machines, section 2.2
 */
export function fitPlatt(cases: readonly ScoredOutcome[]): PlattCalibrator {
  if (cases.length === 0) throw new RangeError("there are no cases to fit to");
  const positives = cases.filter(({ positive }) => positive).length;
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (cases.length - positives + 2)];
  const regressed = cases.map(({ score, positive }) => ({
    covariate: finiteLogit(score),
    target: positive ? high : low,
  }));
  const line = fitLogistic(regressed);
  if (line === null || line.slope < 0) {
    return { intercept: logit(mean(regressed.map(({ target }) => target))), slope: 0 };
  }
  return { intercept: line.intercept, slope: line.slope };
}

/**
 * The calibrated probability of a raw score, 0 to 1.
 *
 * @param score 0 to 1
 * @throws RangeError for a score out of range
 */
export function plattProbability({ intercept, slope }: PlattCalibrator, score: number): number {
  return logistic(intercept + slope * finiteLogit(score));
}
