import { mean } from "../../core/statistics/grade-statistics.ts";
import { hosmerLemeshow } from "../../core/statistics/hosmer-lemeshow.ts";
import { expectedCalibrationError, type Forecast } from "../../core/statistics/reliability.ts";

/** How far probabilities come true; what is not finite is null, as in JSON. */
export interface CalibrationFigures {
  readonly n: number;
  /** Mean squared distance from the outcome, 0 to 1. */
  readonly brier: number | null;
  /** Ten groups, equal forecasts in one; as many degrees of freedom as groups, since nobody fitted these cases. */
  readonly hosmerLemeshow: {
    readonly chiSquared: number | null;
    readonly df: number;
    readonly p: number | null;
  } | null;
  /** Expected calibration error over ten bins of about equal count, 0 to 1. */
  readonly ece: number | null;
}

const BINS = 10;

/** @param forecasts probabilities of cases that they were not fitted to, and 0 or 1 for what came */
export function calibrationFigures(forecasts: readonly Forecast[]): CalibrationFigures {
  const { chiSquared, df, p } = hosmerLemeshow(forecasts, { fitted: false });
  return {
    n: forecasts.length,
    brier: finite(mean(forecasts.map(({ probability, observed }) => (probability - observed) ** 2))),
    hosmerLemeshow: { chiSquared: finite(chiSquared), df, p: finite(p) },
    ece: finite(expectedCalibrationError(forecasts, BINS)),
  };
}

/** What stands in the figures' place where a score is no probability. */
export function notProbabilities(n: number): CalibrationFigures {
  return { n, brier: null, hosmerLemeshow: null, ece: null };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
