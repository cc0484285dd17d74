import { bootstrapInterval, type Interval } from "../../../core/statistics/bootstrap.ts";

/** How sure the intervals are of themselves. */
export interface Resampling {
  /** How often the cycles are drawn anew, at least 1. */
  readonly resamples: number;
  /** Whole number; the same one gives the same intervals. @default 2019 */
  readonly seed?: number;
}

/** One seed for all figures: the same answers give the same report, and all figures are of the same resamples. */
const SEED = 2019;
const LEVEL = 0.95;

/** A figure and its 95 % interval; whole cycles are drawn, because the embryos of one woman are alike. */
export function interval<Case extends { readonly cycleId: string }>(
  cases: readonly Case[],
  statistic: (cases: readonly Case[]) => number,
  { resamples, seed = SEED }: Resampling,
): Interval {
  return bootstrapInterval(cases, statistic, {
    seed,
    resamples,
    level: LEVEL,
    clusterOf: ({ cycleId }) => cycleId,
  });
}
