import { randomBelow } from "./random-below.ts";

/** A figure with the bounds of its bootstrap interval; they are null where the interval could not be had. */
export interface Interval {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Resampling<Case> {
  /** Whole number; the same one gives the same interval. */
  readonly seed: number;
  /** How many times the cases are drawn anew, at least 1. */
  readonly resamples: number;
  /** Probability within the bounds, above 0 and below 1, such as 0.95. */
  readonly level: number;
  /** Cases of one name are drawn together, such as the embryos of one cycle. @default each case by itself */
  readonly clusterOf?: (one: Case) => string;
}

/** With fewer resamples that have a figure than this share of all, the rest would be a choice, not a sample. */
const MIN_MEASURABLE_SHARE = 0.5;

/**
 * Percentile bootstrap interval of a statistic. Resamples on which the statistic is not finite, such as an AUC without a
 * positive case, are left out.
 *
 * @param statistic of some cases, in any order and any number from one on
 * @returns the statistic of all cases, NaN as the statistic says; bounds are null when it is not finite, when there are
 *   fewer than two clusters to draw from, or when fewer than half of the resamples have a figure
 * @throws RangeError for a number of resamples or a level out of range
 * @see Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13
 */
export function bootstrapInterval<Case>(
  cases: readonly Case[],
  statistic: (cases: readonly Case[]) => number,
  resampling: Resampling<Case>,
): Interval {
  const { resamples, level } = resampling;
  if (!Number.isSafeInteger(resamples) || resamples < 1)
    throw new RangeError(`${resamples} resamples: wanted 1 or more`);
  if (!(level > 0 && level < 1)) throw new RangeError(`level ${level}: wanted above 0 and below 1`);
  const value = statistic(cases);
  const clusters = clustersOf(cases, resampling);
  if (!Number.isFinite(value) || clusters.length < 2) return { value, low: null, high: null };
  const figures: number[] = [];
  for (const drawn of resampled(clusters, resampling)) {
    const figure = statistic(drawn);
    if (Number.isFinite(figure)) figures.push(figure);
  }
  if (figures.length < MIN_MEASURABLE_SHARE * resamples) return { value, low: null, high: null };
  figures.sort((a, b) => a - b);
  return { value, low: quantile(figures, (1 - level) / 2), high: quantile(figures, (1 + level) / 2) };
}

/**
 * The first statistic minus the second on the same cases, with its interval: each resample gives both the same embryos, so
 * that a hard embryo weighs on both predictors.
 *
 * @throws RangeError as {@link bootstrapInterval}
 */
export function bootstrapDifference<Case>(
  cases: readonly Case[],
  first: (cases: readonly Case[]) => number,
  second: (cases: readonly Case[]) => number,
  resampling: Resampling<Case>,
): Interval {
  return bootstrapInterval(cases, (some) => first(some) - second(some), resampling);
}

/** What is drawn together: see {@link Resampling.clusterOf}. */
export function clustersOf<Case>(cases: readonly Case[], { clusterOf }: Pick<Resampling<Case>, "clusterOf">): Case[][] {
  if (clusterOf === undefined) return cases.map((one) => [one]);
  return [...Map.groupBy(cases, (one) => clusterOf(one)).values()];
}

/** As many clusters as there are, drawn with replacement, as often as is wanted. */
export function* resampled<Case>(
  clusters: readonly (readonly Case[])[],
  { seed, resamples }: Pick<Resampling<Case>, "seed" | "resamples">,
): Generator<Case[]> {
  const next = randomBelow(seed);
  for (let n = 0; n < resamples; n++) yield clusters.flatMap(() => clusters[next(clusters.length)]!);
}

/** Between two values linearly. @param sorted ascending, at least one */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (place - below) * (high - low);
}
