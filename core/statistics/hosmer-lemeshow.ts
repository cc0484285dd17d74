import { chiSquaredTail } from "./chi-squared.ts";
import { type Forecast, forecastBins } from "./reliability.ts";

/** Whether events come as often as was forecast, over groups of like forecasts. */
export interface HosmerLemeshow {
  /** Infinite where something was ruled out, or taken for certain, and came otherwise. */
  readonly chiSquared: number;
  /** Groups, or groups - 2 on the data that the forecasts were fitted to. */
  readonly df: number;
  /** Probability of so large a value when the forecasts are right, 0 to 1; NaN with no degree of freedom. */
  readonly p: number;
  readonly groups: number;
}

/** As in Hosmer and Lemeshow's deciles of risk. */
const GROUPS = 10;

/**
 * The Hosmer-Lemeshow test over ten groups of equal size by forecast. Equal forecasts stay in one group, so that fewer
 * groups may come out: calibrators have plateaus.
 *
 * @param forecasts each of one case, observed 0 or 1
 * @param fitted whether the forecasts were fitted to these very cases
 * @see Hosmer and Lemeshow 1980, Communications in Statistics A9; for forecasts of other data the statistic has as many degrees of
 *   freedom as groups
 */
export function hosmerLemeshow(
  forecasts: readonly Forecast[],
  { fitted }: { readonly fitted: boolean },
): HosmerLemeshow {
  const groups = forecastBins(forecasts, GROUPS);
  const chiSquared = groups.reduce((sum, group) => sum + deviation(group), 0);
  const df = fitted ? groups.length - 2 : groups.length;
  return { chiSquared, df, p: df < 1 ? Number.NaN : chiSquaredTail(chiSquared, df), groups: groups.length };
}

/** (observed - expected)^2 over the variance n p (1 - p), p being the group's mean forecast. */
function deviation(group: readonly Forecast[]): number {
  const observed = group.reduce((sum, one) => sum + one.observed, 0);
  const expected = group.reduce((sum, { probability }) => sum + probability, 0);
  const variance = expected * (1 - expected / group.length);
  const squared = (observed - expected) ** 2;
  return squared === 0 ? 0 : squared / variance;
}
