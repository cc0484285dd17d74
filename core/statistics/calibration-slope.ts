import { finiteLogit, fitLogistic } from "./logistic-regression.ts";
import { centralNormalQuantile } from "./normal-quantile.ts";
import type { Forecast } from "./reliability.ts";

/** An estimate, and its standard errors either side for a level. */
export interface WaldInterval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Log-odds of the outcome = intercept + slope * log-odds of the forecast. Right forecasts have slope 1 and intercept 0. */
export interface CalibrationSlope {
  /** Below 1 where forecasts are too sure, above 1 where they are not sure enough, below 0 where they are the wrong way round. */
  readonly slope: WaldInterval;
  readonly intercept: WaldInterval;
}

/**
 * The calibration slope: logistic regression of what came on the log-odds of what was forecast.
 *
 * @param forecasts each of one case, observed 0 or 1; closer to 0 or 1 than 1e-6 they count as 1e-6 away
 * @param level probability within the intervals, such as 0.95
 * @returns null where no slope can be had: one outcome only, equal forecasts, or forecasts that separate the outcomes
 * @throws RangeError for a level, a forecast or an outcome out of range
 * @see Cox 1958, Two Further Applications of a Model for Binary Regression, Biometrika 45
 */
export function calibrationSlope(
  forecasts: readonly Forecast[],
  { level }: { readonly level: number },
): CalibrationSlope | null {
  const reach = centralNormalQuantile(level);
  const fit = fitLogistic(
    forecasts.map(({ probability, observed }) => ({ covariate: finiteLogit(probability), target: observed })),
  );
  if (fit === null) return null;
  const within = (value: number, variance: number): WaldInterval => {
    const distance = reach * Math.sqrt(variance);
    return { value, low: value - distance, high: value + distance };
  };
  return {
    slope: within(fit.slope, fit.covariance.slope),
    intercept: within(fit.intercept, fit.covariance.intercept),
  };
}
