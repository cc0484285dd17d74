import { mean } from "./grade-statistics.ts";
import { twoSidedTTail } from "./student-t.ts";

/** What a t-test needs to know of a sample, as papers print it. */
export interface SampleSummary {
  /** At least 2. */
  readonly n: number;
  readonly mean: number;
  /** Of the sample, with n - 1; in the values' unit. */
  readonly standardDeviation: number;
}

/** A test of two means that may differ either way. */
export interface TTest {
  /** The first mean minus the second, over its standard error. */
  readonly t: number;
  /** Degrees of freedom; Welch's are fractional. */
  readonly df: number;
  /** Two-sided, 0 to 1. */
  readonly p: number;
}

/** @throws RangeError for fewer than two values, or for one that is not finite */
export function sampleSummary(values: readonly number[]): SampleSummary {
  if (values.length < 2) throw new RangeError(`${values.length} values: wanted 2 or more`);
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new RangeError(`value ${wrong}: wanted a finite number`);
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return { n: values.length, mean: centre, standardDeviation: Math.sqrt(squares / (values.length - 1)) };
}

/**
 * Student's test, which takes the two populations to vary alike.
 *
 * @returns without any spread t is 0 and p is 1 for equal means, and t is infinite and p is 0 for others
 * @throws RangeError for a summary that no sample has
 * @see Student 1908, The Probable Error of a Mean
 */
export function studentTTest(first: SampleSummary, second: SampleSummary): TTest {
  refuseImpossible(first, second);
  const df = first.n + second.n - 2;
  const squares = (first.n - 1) * first.standardDeviation ** 2 + (second.n - 1) * second.standardDeviation ** 2;
  return tested(first.mean - second.mean, (squares / df) * (1 / first.n + 1 / second.n), df);
}

/**
 * Welch's test, which lets each population vary in its own way.
 *
 * @returns as {@link studentTTest}, whose degrees of freedom stand in without any spread
 * @throws RangeError for a summary that no sample has
 * @see Welch 1947, Biometrika 34
 */
export function welchTTest(first: SampleSummary, second: SampleSummary): TTest {
  refuseImpossible(first, second);
  const [one, other] = [varianceOfMean(first), varianceOfMean(second)];
  const variance = one + other;
  const difference = first.mean - second.mean;
  if (variance === 0) return tested(difference, 0, first.n + second.n - 2);
  const [oneShare, otherShare] = [one / variance, other / variance];
  return tested(difference, variance, 1 / (oneShare ** 2 / (first.n - 1) + otherShare ** 2 / (second.n - 1)));
}

function tested(difference: number, variance: number, df: number): TTest {
  const t = difference === 0 ? 0 : difference / Math.sqrt(variance);
  return { t, df, p: twoSidedTTail(t, df) };
}

function varianceOfMean({ n, standardDeviation }: SampleSummary): number {
  return standardDeviation ** 2 / n;
}

function refuseImpossible(...summaries: readonly SampleSummary[]): void {
  for (const { n, mean: centre, standardDeviation } of summaries) {
    if (!Number.isSafeInteger(n) || n < 2) throw new RangeError(`${n} values: wanted 2 or more`);
    if (!Number.isFinite(centre)) throw new RangeError(`mean ${centre}: wanted a finite number`);
    if (!(standardDeviation >= 0 && standardDeviation < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`standard deviation ${standardDeviation}: wanted 0 or more`);
    }
  }
}
