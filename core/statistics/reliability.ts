import { GRADES, type Grade, type GradeDistribution } from "../contracts/grades.ts";
import { mean } from "./grade-statistics.ts";

/** The probability, 0 to 1, that something was given, and how far it came true: 0 or 1, or a share of several votes. */
export interface Forecast {
  readonly probability: number;
  readonly observed: number;
}

/** Forecasts of about the same probability; all numbers but the count are means, 0 to 1. */
export interface ReliabilityBin {
  readonly predicted: number;
  readonly observed: number;
  readonly count: number;
}

/**
 * Each grade of each embryo as a forecast of its own: what it was given, and the share of the votes that it got.
 *
 * @param cases votes may be a single label; embryos without a vote give no forecast
 */
export function gradeForecasts(
  cases: readonly { probabilities: GradeDistribution; votes: readonly Grade[] }[],
): Forecast[] {
  return cases
    .filter(({ votes }) => votes.length > 0)
    .flatMap(({ probabilities, votes }) =>
      GRADES.map((grade) => ({
        probability: probabilities[grade],
        observed: votes.filter((vote) => vote === grade).length / votes.length,
      })),
    );
}

/**
 * What came true against what was predicted, by bins of about equal count, so that each point of the curve is as sure as
 * the next although most forecasts lie near 0. Equal probabilities stay in one bin, so that fewer bins may come out.
 *
 * @param bins how many are wanted, at least 1
 * @returns bins by ascending probability, none of them empty
 * @throws RangeError for a number of bins out of range
 */
export function reliabilityCurve(forecasts: readonly Forecast[], bins: number): ReliabilityBin[] {
  return forecastBins(forecasts, bins).map((bin) => ({
    predicted: mean(bin.map(({ probability }) => probability)),
    observed: mean(bin.map(({ observed }) => observed)),
    count: bin.length,
  }));
}

/** What {@link reliabilityCurve} takes the means of: the forecasts of each bin. @throws RangeError as there */
export function forecastBins<One extends Forecast>(forecasts: readonly One[], bins: number): One[][] {
  if (!Number.isSafeInteger(bins) || bins < 1) throw new RangeError(`${bins} bins: wanted 1 or more`);
  const sorted = [...forecasts].sort((a, b) => a.probability - b.probability);
  const binned: One[][] = [];
  for (const [place, forecast] of sorted.entries()) {
    const tied = sorted[place - 1]?.probability === forecast.probability;
    const opens = place === 0 || (!tied && place >= (binned.length * sorted.length) / bins);
    if (opens) binned.push([forecast]);
    else binned.at(-1)!.push(forecast);
  }
  return binned;
}

/**
 * Expected calibration error: the mean distance of {@link reliabilityCurve} from the diagonal, each bin by its count.
 *
 * @returns 0 to 1, 0 is best; NaN without forecasts
 */
export function expectedCalibrationError(forecasts: readonly Forecast[], bins: number): number {
  const distances = reliabilityCurve(forecasts, bins).map(
    ({ predicted, observed, count }) => count * Math.abs(predicted - observed),
  );
  return distances.reduce((sum, distance) => sum + distance, 0) / forecasts.length;
}
