import { bootstrapInterval, type Interval } from "../../../core/statistics/bootstrap.ts";

/** How sure the intervals are of themselves. */
export interface Resampling {
  /** How often the cycles are drawn anew, at least 1. */
  readonly resamples: number;
}

/** One seed for all figures: the same answers give the same report. */
const SEED = 2019;
const LEVEL = 0.95;

/** A figure and its 95 % interval; whole cycles are drawn, because the embryos of one woman are alike. */
export function interval<Case extends { readonly cycleId: string }>(
  cases: readonly Case[],
  statistic: (cases: readonly Case[]) => number,
  { resamples }: Resampling,
): Interval {
  return bootstrapInterval(cases, statistic, {
    seed: SEED,
    resamples,
    level: LEVEL,
    clusterOf: ({ cycleId }) => cycleId,
  });
}
