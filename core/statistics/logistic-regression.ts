import { mean } from "./grade-statistics.ts";

/** One case of a regression: a covariate in any unit, and what came of it. */
export interface LogisticCase {
  readonly covariate: number;
  /** 0 or 1, or a share between, as smoothed targets are. */
  readonly target: number;
}

/** P(1) = logistic(intercept + slope * covariate). */
export interface LogisticFit {
  readonly intercept: number;
  /** Log-odds a unit of the covariate. */
  readonly slope: number;
  /** Inverse of the information matrix at the maximum; standard errors are the roots of the variances. */
  readonly covariance: {
    readonly intercept: number;
    readonly slope: number;
    readonly interceptAndSlope: number;
  };
}

const MOST_ROUNDS = 200;
/** In log-likelihood: after a step that gains less, the next would be about 1e-11 of a standard error. */
const LAST_GAIN = 1e-11;
/** To 0 and to 1. */
const NEAREST = 1e-6;

/** The logistic function, without overflow on either side. */
export function logistic(logOdds: number): number {
  const odds = Math.exp(-Math.abs(logOdds));
  return (logOdds < 0 ? odds : 1) / (1 + odds);
}

/** Log-odds of a probability. @param probability above 0 and below 1 */
export function logit(probability: number): number {
  return Math.log(probability) - Math.log1p(-probability);
}

/**
 * Log-odds of a forecast or a score, which may be 0 or 1 and counts as 1e-6 away from them, so that one case that was taken
 * for certain does not decide a regression.
 *
 * @throws RangeError for one outside 0 to 1
 */
export function finiteLogit(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`probability ${probability}: wanted 0 to 1`);
  return logit(Math.min(1 - NEAREST, Math.max(NEAREST, probability)));
}

/**
 * Logistic regression on one covariate by maximum likelihood: Newton's steps, halved where they overshoot.
 *
 * @returns null where the likelihood has no maximum: there are no cases, all have one covariate or one outcome, or a
 *   threshold of the covariate separates the outcomes, so that ever steeper slopes fit ever better
 * @throws RangeError for a covariate that is not finite or a target outside 0 to 1
 * @see Albert and Anderson 1984, Biometrika 71, on separation
 */
export function fitLogistic(cases: readonly LogisticCase[]): LogisticFit | null {
  for (const { covariate, target } of cases) {
    if (!Number.isFinite(covariate)) throw new RangeError(`covariate ${covariate}: wanted a finite number`);
    if (!(target >= 0 && target <= 1)) throw new RangeError(`target ${target}: wanted 0 to 1`);
  }
  if (isSeparated(cases)) return null;
  let line = { intercept: logit(mean(cases.map(({ target }) => target))), slope: 0 };
  let likelihood = logLikelihood(cases, line);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const step = newtonStep(cases, line);
    if (!(step.gain > 0)) break;
    let length = 1;
    let next = moved(line, step, length);
    // A sum of so many terms rounds by up to this: a smaller loss is none, and Newton's whole step is right so near.
    const rounding = Number.EPSILON * cases.length * (1 + Math.abs(likelihood));
    while (logLikelihood(cases, next) < likelihood - rounding) {
      length /= 2;
      next = moved(line, step, length);
    }
    line = next;
    likelihood = logLikelihood(cases, line);
    if (step.gain < LAST_GAIN) break;
  }
  const { weight, centre, spread } = curvature(cases, line);
  const covariance = {
    intercept: 1 / weight + centre ** 2 / spread,
    slope: 1 / spread,
    interceptAndSlope: -centre / spread,
  };
  return { ...line, covariance };
}

interface Line {
  readonly intercept: number;
  readonly slope: number;
}

/** Whether some threshold has all that is wholly or partly 0 on one side and all that is wholly or partly 1 on the other. */
function isSeparated(cases: readonly LogisticCase[]): boolean {
  const [zeros, ones] = [extent(cases, ({ target }) => target < 1), extent(cases, ({ target }) => target > 0)];
  return zeros.most <= ones.least || ones.most <= zeros.least;
}

function extent(cases: readonly LogisticCase[], counts: (one: LogisticCase) => boolean) {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const one of cases) {
    if (!counts(one)) continue;
    least = Math.min(least, one.covariate);
    most = Math.max(most, one.covariate);
  }
  return { least, most };
}

function logLikelihood(cases: readonly LogisticCase[], { intercept, slope }: Line): number {
  let sum = 0;
  for (const { covariate, target } of cases) {
    const logOdds = intercept + slope * covariate;
    sum += target * logOdds - Math.max(logOdds, 0) - Math.log1p(Math.exp(-Math.abs(logOdds)));
  }
  return sum;
}

/**
 * The log-likelihood's first and second derivatives. The information matrix is the weights' sum, the covariate's weighted mean
 * and its weighted squares about that mean, so that a covariate far from 0 costs no digits.
 */
function curvature(cases: readonly LogisticCase[], { intercept, slope }: Line) {
  const weights = new Float64Array(cases.length);
  const residuals = new Float64Array(cases.length);
  let [weight, weighted, missing] = [0, 0, 0];
  for (const [n, { covariate, target }] of cases.entries()) {
    const logOdds = intercept + slope * covariate;
    const odds = Math.exp(-Math.abs(logOdds));
    weights[n] = odds / (1 + odds) ** 2;
    residuals[n] = target - (logOdds < 0 ? odds : 1) / (1 + odds);
    weight += weights[n]!;
    weighted += weights[n]! * covariate;
    missing += residuals[n]!;
  }
  const centre = weighted / weight;
  let [spread, missingAlong] = [0, 0];
  for (const [n, { covariate }] of cases.entries()) {
    spread += weights[n]! * (covariate - centre) ** 2;
    missingAlong += residuals[n]! * (covariate - centre);
  }
  return { weight, centre, spread, missing, missingAlong };
}

function newtonStep(cases: readonly LogisticCase[], line: Line): Line & { readonly gain: number } {
  const { weight, centre, spread, missing, missingAlong } = curvature(cases, line);
  const slope = missingAlong / spread;
  return {
    intercept: missing / weight - centre * slope,
    slope,
    gain: (missing ** 2 / weight + missingAlong ** 2 / spread) / 2,
  };
}

function moved({ intercept, slope }: Line, step: Line, length: number): Line {
  return { intercept: intercept + length * step.intercept, slope: slope + length * step.slope };
}
