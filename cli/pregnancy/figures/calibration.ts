import {
  CALIBRATION_METHODS,
  type CalibrationMethod,
  calibrationBy,
  methodFor,
} from "../../../core/pregnancy/calibration-map.ts";
import type { CycleOutcome } from "../../../core/pregnancy/cross-fitting.ts";
import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { type CalibrationSlope, calibrationSlope } from "../../../core/statistics/calibration-slope.ts";
import { mean } from "../../../core/statistics/grade-statistics.ts";
import { expectedCalibrationError, type Forecast, forecastBins } from "../../../core/statistics/reliability.ts";
import { type CalibrationFigures, calibrationFigures } from "../../calibration/calibration-figures.ts";
import type { CurvePoint } from "../../evaluation/figures/calibration.ts";
import { interval, type Resampling } from "../../evaluation/figures/resampling.ts";
import { type Measured, notMeasurable } from "../../evaluation/measured.ts";
import type { PregnancyModel } from "../networks.ts";
import type { ScoredNetwork } from "../scoring.ts";
import type { Transfer } from "../transfers.ts";
import { heldOutOf } from "../transfers.ts";
import { type SeedTest, seedTests } from "./calibration-seeds.ts";

const BINS = 10;
const LEVEL = 0.95;

/** How far probabilities of the held-out embryos come true. */
export interface Trust {
  /** Mean squared distance from the outcome, 0 to 1. */
  readonly brier: Interval;
  /** Expected calibration error, 0 to 1. */
  readonly ece: Interval;
  readonly hosmerLemeshow: NonNullable<CalibrationFigures["hosmerLemeshow"]>;
  /** With its 95 % interval, which takes each embryo for independent. */
  readonly slope: Measured<CalibrationSlope>;
  readonly curve: readonly CurvePoint[];
}

/** Probabilities by a calibrator, and what they gain over the raw scores on the same embryos; below 0 is better. */
export interface CalibratedTrust extends Trust {
  readonly brierChange: Interval;
  readonly eceChange: Interval;
}

export interface CalibrationReport {
  readonly model: Pick<PregnancyModel, "name" | "input" | "fold" | "served">;
  /** What the calibrators are fitted to: the fold that the network never saw. */
  readonly fitted: { readonly embryos: number; readonly positives: number; readonly cycles: number };
  /** The method that the rule takes for so many cases. */
  readonly chosen: CalibrationMethod;
  readonly before: Trust;
  readonly after: Readonly<Record<CalibrationMethod, CalibratedTrust>>;
  /** Tests of the same over other halves of the embryos. */
  readonly seeds: Measured<readonly SeedTest[]>;
}

interface Case extends CycleOutcome {
  readonly probability: number;
  readonly observed: number;
}

/**
 * The raw scores of one network as probabilities, before and after both calibrations.
 *
 * @param transfers all that the network never saw, with its answers: its own fold and the held-out ones
 */
export function calibrationReport(
  transfers: readonly Transfer[],
  { model, answers }: ScoredNetwork,
  resampling: Resampling,
): Measured<CalibrationReport> {
  const cases = (some: readonly Transfer[]): Case[] =>
    some.map(({ embryoId, cycleId, positive }) => {
      const score = answers.get(embryoId)!.rawScore;
      return { cycleId, score, positive, probability: score, observed: positive ? 1 : 0 };
    });
  const validation = cases(transfers.filter(({ fold }) => fold === model.fold));
  const heldOut = cases(heldOutOf(transfers));
  const positives = validation.filter(({ positive }) => positive).length;
  if (positives === 0 || positives === validation.length) {
    return notMeasurable(
      `of ${validation.length} embryos of fold ${model.fold} ${positives} came to a pregnancy, so that nothing can be fitted to them`,
    );
  }
  const { name, input, fold, served } = model;
  return {
    model: { name, input, fold, served },
    fitted: {
      embryos: validation.length,
      positives,
      cycles: new Set(validation.map(({ cycleId }) => cycleId)).size,
    },
    chosen: methodFor(validation.length),
    before: trust(heldOut, resampling),
    after: byMethod((method) => calibratedTrust(heldOut, calibrationBy(method)(validation), resampling)),
    seeds: seedTests([...validation, ...heldOut]),
  };
}

function byMethod<Figure>(measure: (method: CalibrationMethod) => Figure): Record<CalibrationMethod, Figure> {
  const [isotonic, platt] = CALIBRATION_METHODS;
  return { [isotonic]: measure(isotonic), [platt]: measure(platt) };
}

function trust(cases: readonly Case[], resampling: Resampling): Trust {
  const slope = calibrationSlope(cases, { level: LEVEL });
  return {
    brier: interval(cases, brier, resampling),
    ece: interval(cases, ece, resampling),
    hosmerLemeshow: calibrationFigures(cases).hosmerLemeshow!,
    slope: slope ?? notMeasurable("these probabilities are all alike, or separate the outcomes"),
    curve: forecastBins(cases, BINS).map((bin) => ({
      predicted: mean(bin.map(({ probability }) => probability)),
      observed: interval(bin, (some) => mean(some.map(({ observed }) => observed)), resampling),
      count: bin.length,
    })),
  };
}

function calibratedTrust(
  raw: readonly Case[],
  calibrated: (score: number) => number,
  resampling: Resampling,
): CalibratedTrust {
  const mapped = (some: readonly Case[]) => some.map((one) => ({ ...one, probability: calibrated(one.score) }));
  const change = (statistic: (cases: readonly Forecast[]) => number) =>
    interval(raw, (some) => statistic(mapped(some)) - statistic(some), resampling);
  return { ...trust(mapped(raw), resampling), brierChange: change(brier), eceChange: change(ece) };
}

const brier = (cases: readonly Forecast[]): number =>
  mean(cases.map(({ probability, observed }) => (probability - observed) ** 2));

const ece = (cases: readonly Forecast[]): number => expectedCalibrationError(cases, BINS);
