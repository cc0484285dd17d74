import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { accuracy } from "../../../core/statistics/grade-statistics.ts";
import { type ByStructure, byStructure, type Measured, notMeasurable } from "../measured.ts";
import { judged, type ModelAnswers, type Subject } from "../subject.ts";
import { acShare } from "./confusion.ts";
import { gradeShares } from "./model-figures.ts";
import { interval, type Resampling } from "./resampling.ts";

/** One clinic's embryos by themselves. */
export interface ClinicFigures {
  readonly clinic: string;
  readonly embryos: number;
  readonly structures: ByStructure<Measured<ClinicStructure>>;
}

interface ClinicStructure {
  readonly embryos: number;
  readonly accuracy: Interval;
  /** Share of embryos that one calls A and the other C. */
  readonly acDisagreement: Interval;
  /** Shares of A, B and C among the clinic's labels, and among the answers for the same embryos. */
  readonly labelShares: readonly number[];
  readonly answerShares: readonly number[];
}

/** Whether the model grades every clinic's embryos as its annotators do. Empty where there are fewer than two clinics. */
export function clinicFigures(
  subjects: readonly Subject[],
  answers: ModelAnswers,
  resampling: Resampling,
): ClinicFigures[] {
  const clinics = clinicsOf(subjects);
  if (clinics.length < 2) return [];
  return clinics.map((clinic) => {
    const own = subjects.filter((subject) => subject.clinic === clinic);
    return {
      clinic,
      embryos: own.length,
      structures: byStructure((structure) => {
        const embryos = judged(own, answers, structure);
        if (embryos.length === 0) return notMeasurable("no embryo with a label and an answer");
        return {
          embryos: embryos.length,
          accuracy: interval(embryos, accuracy, resampling),
          acDisagreement: interval(embryos, acShare, resampling),
          labelShares: gradeShares(embryos.map(({ truth }) => truth)),
          answerShares: gradeShares(embryos.map(({ predicted }) => predicted)),
        };
      }),
    };
  });
}

/** The clinics of these embryos, in the alphabet's order. */
export function clinicsOf(subjects: readonly Subject[]): string[] {
  return [...new Set(subjects.flatMap(({ clinic }) => (clinic === null ? [] : [clinic])))].sort();
}
