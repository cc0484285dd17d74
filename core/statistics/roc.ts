import { mean } from "./grade-statistics.ts";

/** One case with what a predictor says of it; a higher score speaks for a positive. */
export interface ScoredCase {
  readonly score: number;
  readonly positive: boolean;
}

/** Rates, each 0 to 1, when every score from the threshold on counts as positive. */
export interface RocPoint {
  readonly threshold: number;
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
}

/** Area under a curve, 0 to 1, and its standard error by DeLong. */
export interface AreaEstimate {
  readonly area: number;
  /** NaN with fewer than two positives or two negatives. */
  readonly standardError: number;
}

/** One case with the scores of two predictors. */
export interface TwiceScoredCase {
  readonly first: number;
  readonly second: number;
  readonly positive: boolean;
}

/** DeLong's test of two areas on the same cases. */
export interface AreaComparison {
  readonly first: AreaEstimate;
  readonly second: AreaEstimate;
  /** First area minus second. */
  readonly difference: number;
  /** Of the difference; the two areas are correlated. */
  readonly standardError: number;
  readonly z: number;
  /** Two-sided, 0 to 1. */
  readonly p: number;
}

/** Means of the same numbers in another order may differ by less than this. */
const ROUNDING = 1e-12;

/**
 * The receiver operating characteristic, from (0, 0) at an infinite threshold to (1, 1). Cases of equal score enter in one
 * step, so that a tie is a slanted line. Figure 5 of Kragh et al. 2019 has quality groups for scores.
 *
 * @returns one point more than there are different scores; empty without a positive or without a negative
 */
export function rocCurve(cases: readonly ScoredCase[]): RocPoint[] {
  const positives = cases.filter(({ positive }) => positive).length;
  const negatives = cases.length - positives;
  if (positives === 0 || negatives === 0) return [];
  const points: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 }];
  const sorted = [...cases].sort((a, b) => b.score - a.score);
  let [truePositives, falsePositives] = [0, 0];
  for (const [place, { score, positive }] of sorted.entries()) {
    if (positive) truePositives++;
    else falsePositives++;
    if (sorted[place + 1]?.score === score) continue;
    points.push({
      threshold: score,
      falsePositiveRate: falsePositives / negatives,
      truePositiveRate: truePositives / positives,
    });
  }
  return points;
}

/**
 * How often a positive scores above a negative, ties counting one half.
 *
 * @returns NaN without a positive or without a negative
 * @see DeLong, DeLong and Clarke-Pearson 1988
 */
export function areaUnderCurve(cases: readonly ScoredCase[]): AreaEstimate {
  return estimate(placements(cases));
}

/**
 * Whether two predictors separate the same cases differently well.
 *
 * @returns where the difference has no variance, z is 0 and p is 1 for equal areas, and z is infinite and p is 0 for others;
 *   NaN with fewer than two positives or two negatives
 * @see DeLong, DeLong and Clarke-Pearson 1988
 */
export function compareAreas(cases: readonly TwiceScoredCase[]): AreaComparison {
  const one = placements(cases.map(({ first, positive }) => ({ score: first, positive })));
  const other = placements(cases.map(({ second, positive }) => ({ score: second, positive })));
  const [first, second] = [estimate(one), estimate(other)];
  const difference = first.area - second.area;
  const minus = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value - b[i]!);
  const standardError = Math.sqrt(
    varianceOfMean(minus(one.ofPositives, other.ofPositives)) +
      varianceOfMean(minus(one.ofNegatives, other.ofNegatives)),
  );
  const z = Math.abs(difference) < ROUNDING && standardError < ROUNDING ? 0 : difference / standardError;
  return { first, second, difference, standardError, z, p: complementaryError(Math.abs(z) / Math.SQRT2) };
}

/** DeLong's structural components: of each case, the share of the other class that it is on the right side of. */
interface Placements {
  readonly ofPositives: readonly number[];
  readonly ofNegatives: readonly number[];
}

function placements(cases: readonly ScoredCase[]): Placements {
  const ascending = (scores: number[]) => Float64Array.from(scores).sort();
  const scoresOf = (positive: boolean) => cases.filter((one) => one.positive === positive).map(({ score }) => score);
  const [positives, negatives] = [scoresOf(true), scoresOf(false)];
  const [sortedPositives, sortedNegatives] = [ascending(positives), ascending(negatives)];
  return {
    ofPositives: positives.map((score) => shareBelow(sortedNegatives, score)),
    ofNegatives: negatives.map((score) => 1 - shareBelow(sortedPositives, score)),
  };
}

function estimate({ ofPositives, ofNegatives }: Placements): AreaEstimate {
  const area = ofNegatives.length === 0 ? Number.NaN : mean(ofPositives);
  return { area, standardError: Math.sqrt(varianceOfMean(ofPositives) + varianceOfMean(ofNegatives)) };
}

/** Share of the values below one, of equal ones half. */
function shareBelow(sorted: Float64Array, value: number): number {
  return (firstPlace(sorted, (one) => one >= value) + firstPlace(sorted, (one) => one > value)) / 2 / sorted.length;
}

/** Place of the first value that passes, where all after it pass too; their number when none does. */
function firstPlace(sorted: Float64Array, passes: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** NaN for fewer than two. */
function varianceOfMean(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}

/** 1 - erf(x) for x from 0 on, to 1.2e-7 of its value: Chebyshev fit of Numerical Recipes, section 6.2. */
function complementaryError(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  const t = 1 / (1 + x / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const exponent = coefficients.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return Math.min(1, t * Math.exp(-x * x + exponent));
}
