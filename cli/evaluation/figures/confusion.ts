import { GRADES, type Grade } from "../../../core/contracts/grades.ts";
import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { accuracy, confusionMatrix, type GradePair } from "../../../core/statistics/grade-statistics.ts";
import { weightedKappa } from "../../../core/statistics/weighted-kappa.ts";
import { type Measured, notMeasurable, type Structure } from "../measured.ts";
import { type JudgedEmbryo, judged, type ModelAnswers, majorityOf, type Subject } from "../subject.ts";
import { interval, type Resampling } from "./resampling.ts";

/** How one model's grades meet a truth: Tables 5 and 6. */
export interface Confusion {
  readonly embryos: number;
  /** Rows: truth A, B, C. Columns: predicted A, B, C. */
  readonly counts: readonly (readonly number[])[];
  readonly accuracy: Interval;
  /** Share of the embryos that one calls A and the other C. */
  readonly acDisagreement: Interval;
  /** Cohen's kappa with quadratic weights: 1 for agreement, 0 for what chance would give. */
  readonly kappa: Measured<Interval>;
  /** Grades that never occur among the truths. */
  readonly missingGrades: readonly Grade[];
}

/** Against one annotator's label. Kragh et al. 2019, Table 5. */
export function confusionWithAnnotator(
  subjects: readonly Subject[],
  answers: ModelAnswers,
  structure: Structure,
  resampling: Resampling,
): Measured<Confusion> {
  return confusion(judged(subjects, answers, structure), "no embryo with a label and an answer", resampling);
}

/** Against the majority of at least two votes. Kragh et al. 2019, Table 6. */
export function confusionWithMajority(
  subjects: readonly Subject[],
  answers: ModelAnswers,
  structure: Structure,
  resampling: Resampling,
): Measured<Confusion> {
  const embryos = judged(subjects, answers, structure, (subject) => majorityOf(subject, structure));
  return confusion(embryos, "no embryo was graded by two annotators or more", resampling);
}

function confusion(embryos: readonly JudgedEmbryo[], otherwise: string, resampling: Resampling): Measured<Confusion> {
  if (embryos.length === 0) return notMeasurable(otherwise);
  return {
    embryos: embryos.length,
    counts: confusionMatrix(embryos),
    accuracy: interval(embryos, accuracy, resampling),
    acDisagreement: interval(embryos, acShare, resampling),
    kappa: quadraticKappa(embryos, resampling),
    missingGrades: GRADES.filter((grade) => embryos.every(({ truth }) => truth !== grade)),
  };
}

function quadraticKappa(embryos: readonly JudgedEmbryo[], resampling: Resampling): Measured<Interval> {
  const kappa = interval(embryos, (pairs) => weightedKappa(pairs, "quadratic"), resampling);
  return Number.isFinite(kappa.value) ? kappa : notMeasurable("both always say one grade, which chance would do too");
}

/** Share of pairs of an A and a C, 0 to 1. @param pairs at least one */
function acShare(pairs: readonly GradePair[]): number {
  return (
    pairs.filter(({ predicted, truth }) => predicted !== "B" && truth !== "B" && predicted !== truth).length /
    pairs.length
  );
}
