import { GRADES, type Grade, type GradeDistribution } from "../../../core/contracts/grades.ts";
import type { Prediction } from "../../../core/contracts/prediction.ts";
import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { mean, meanLogLoss } from "../../../core/statistics/grade-statistics.ts";
import {
  expectedCalibrationError,
  type Forecast,
  forecastBins,
  gradeForecasts,
} from "../../../core/statistics/reliability.ts";
import { type Measured, notMeasurable, type Structure } from "../measured.ts";
import { type Subject, votesOf } from "../subject.ts";
import { interval, type Resampling } from "./resampling.ts";

/** Of about equal count: most forecasts lie near 0, and each point of the curve is to be as sure as the next. */
const BINS = 10;

/** How far three numbers over A, B and C are the shares of the annotators' votes. */
export interface Trustworthiness {
  /** Mean negative logarithm of what each vote was given; lower is better. */
  readonly logLoss: Interval;
  /** Mean over the votes of the squared distance to the vote, 0 to 2; lower is better. */
  readonly brier: Interval;
  /** Expected calibration error, 0 to 1: how far the curve lies from the diagonal on average. */
  readonly ece: Interval;
  readonly curve: readonly CurvePoint[];
}

/** Forecasts of about the same probability. */
export interface CurvePoint {
  /** Mean of what was given, 0 to 1. */
  readonly predicted: number;
  /** Mean share of the votes, 0 to 1, and its interval. */
  readonly observed: Interval;
  readonly count: number;
}

export interface CalibrationFigures {
  readonly embryos: number;
  /** Whose word they are held to: all votes, or the one label where there are no votes. */
  readonly truth: "votes" | "labels";
  readonly scores: Trustworthiness;
  readonly probabilities: Trustworthiness;
  /** What answering the classes' shares for every embryo would give; without looking at a picture. */
  readonly sharesLogLoss: Interval;
}

interface VotedEmbryo {
  readonly cycleId: string;
  readonly votes: readonly Grade[];
  readonly scores: GradeDistribution;
  readonly probabilities: GradeDistribution;
}

/** The served scores and probabilities against the votes, before and after the grade calibrator. */
export function calibrationFigures(
  subjects: readonly Subject[],
  served: ReadonlyMap<string, Prediction>,
  structure: Structure,
  resampling: Resampling,
): Measured<CalibrationFigures> {
  const truth = subjects.some((subject) => votesOf(subject, structure).length > 0) ? "votes" : "labels";
  const embryos = subjects.flatMap((subject): VotedEmbryo[] => {
    const label = subject[structure];
    const votes = truth === "votes" ? votesOf(subject, structure) : label === null ? [] : [label];
    const answer = served.get(subject.embryoId)?.[structure];
    return votes.length === 0 || answer === undefined ? [] : [{ cycleId: subject.cycleId, votes, ...answer }];
  });
  if (embryos.length === 0) return notMeasurable("no embryo with a vote and an answer");
  const all = embryos.flatMap(({ votes }) => votes);
  const share = (grade: Grade) => all.filter((vote) => vote === grade).length / all.length;
  const shares = { A: share("A"), B: share("B"), C: share("C") };
  return {
    embryos: embryos.length,
    truth,
    scores: trustworthiness(embryos, ({ scores }) => scores, resampling),
    probabilities: trustworthiness(embryos, ({ probabilities }) => probabilities, resampling),
    sharesLogLoss: logLoss(embryos, () => shares, resampling),
  };
}

function trustworthiness(
  embryos: readonly VotedEmbryo[],
  given: (embryo: VotedEmbryo) => GradeDistribution,
  resampling: Resampling,
): Trustworthiness {
  return {
    logLoss: logLoss(embryos, given, resampling),
    brier: interval(
      embryos,
      (cases) => mean(cases.map((embryo) => mean(embryo.votes.map((vote) => squaredDistance(given(embryo), vote))))),
      resampling,
    ),
    ece: interval(embryos, (cases) => expectedCalibrationError(forecasts(cases, given), BINS), resampling),
    curve: forecastBins(forecasts(embryos, given), BINS).map((bin) => ({
      predicted: mean(bin.map(({ probability }) => probability)),
      observed: interval(bin, (some) => mean(some.map(({ observed }) => observed)), resampling),
      count: bin.length,
    })),
  };
}

function forecasts(
  embryos: readonly VotedEmbryo[],
  given: (embryo: VotedEmbryo) => GradeDistribution,
): (Forecast & { cycleId: string })[] {
  return embryos.flatMap((embryo) =>
    gradeForecasts([{ probabilities: given(embryo), votes: embryo.votes }]).map((forecast) => ({
      ...forecast,
      cycleId: embryo.cycleId,
    })),
  );
}

function logLoss(
  embryos: readonly VotedEmbryo[],
  given: (embryo: VotedEmbryo) => GradeDistribution,
  resampling: Resampling,
): Interval {
  const statistic = (cases: readonly VotedEmbryo[]) =>
    meanLogLoss(cases.map((embryo) => ({ probabilities: given(embryo), votes: embryo.votes })));
  return interval(embryos, statistic, resampling);
}

/** Squared distance to a vote's one-hot vector, 0 to 2. */
function squaredDistance(distribution: GradeDistribution, vote: Grade): number {
  return GRADES.reduce((sum, grade) => sum + (distribution[grade] - (grade === vote ? 1 : 0)) ** 2, 0);
}
