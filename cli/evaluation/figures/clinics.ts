import type { Prediction } from "../../../core/contracts/prediction.ts";
import { type ByStructure, byStructure, type Measured, notMeasurable } from "../measured.ts";
import { servedGrades } from "../served-answers.ts";
import { judged, type ModelAnswers, type Subject } from "../subject.ts";
import { type CalibrationFigures, calibrationFigures } from "./calibration.ts";
import { type HumanComparison, humanComparison } from "./human-comparison.ts";
import { gradeShares, type ModelFigures, modelFigures } from "./model-figures.ts";
import { type OutcomeFigures, outcomeFigures } from "./outcome.ts";
import type { Resampling } from "./resampling.ts";

/** One clinic's embryos by themselves: every figure of the report that needs no other clinic. */
export interface ClinicFigures {
  readonly clinic: string;
  readonly embryos: number;
  /** The served way first. */
  readonly models: readonly ModelFigures[];
  readonly byScores: HumanComparison;
  readonly byServedGrade: HumanComparison;
  readonly shares: ByStructure<Measured<GradeShares>>;
  readonly calibration: ByStructure<Measured<CalibrationFigures>>;
  readonly outcome: Measured<OutcomeFigures>;
}

/** Shares of A, B and C among the clinic's labels, and among the served way's answers for the same embryos. */
interface GradeShares {
  readonly labels: readonly number[];
  readonly answers: readonly number[];
}

/**
 * Whether every clinic's embryos are graded as its annotators do. Empty where there are fewer than two clinics.
 *
 * @param models the served way first
 */
export function clinicFigures(
  subjects: readonly Subject[],
  models: readonly ModelAnswers[],
  served: ReadonlyMap<string, Prediction>,
  resampling: Resampling,
): ClinicFigures[] {
  const clinics = clinicsOf(subjects);
  if (clinics.length < 2) return [];
  const rnn = models[0]!;
  return clinics.map((clinic) => {
    const own = subjects.filter((subject) => subject.clinic === clinic);
    return {
      clinic,
      embryos: own.length,
      models: modelFigures(own, models, resampling),
      byScores: humanComparison(own, rnn, resampling),
      byServedGrade: humanComparison(own, servedGrades(served), resampling),
      shares: byStructure((structure) => {
        const embryos = judged(own, rnn, structure);
        if (embryos.length === 0) return notMeasurable("no embryo with a label and an answer");
        return {
          labels: gradeShares(embryos.map(({ truth }) => truth)),
          answers: gradeShares(embryos.map(({ predicted }) => predicted)),
        };
      }),
      calibration: byStructure((structure) => calibrationFigures(own, served, structure, resampling)),
      outcome: outcomeFigures(own, rnn, resampling),
    };
  });
}

/** The clinics of these embryos, in the alphabet's order. */
export function clinicsOf(subjects: readonly Subject[]): string[] {
  return [...new Set(subjects.flatMap(({ clinic }) => (clinic === null ? [] : [clinic])))].sort();
}
