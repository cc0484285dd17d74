import type { Grade, GradeDistribution } from "../../core/contracts/grades.ts";
import { mostProbableGrade } from "../../core/grading/grade-decoding.ts";
import { countsForAgreement } from "../../core/statistics/annotator-agreement.ts";
import { majorityVote } from "../../core/statistics/grade-statistics.ts";
import type { ByStructure, Structure } from "./measured.ts";
import type { ModelKind } from "./paper.ts";

/** One embryo that is evaluated, as a prepared data set lists it. */
export interface Subject {
  readonly embryoId: string;
  readonly cycleId: string;
  readonly clinic: string | null;
  /** One annotator's word. */
  readonly icm: Grade | null;
  readonly te: Grade | null;
  readonly icmVotes: readonly Grade[];
  readonly teVotes: readonly Grade[];
  /** 1 for a clinical pregnancy, as the data set means it; null where it is not known. */
  readonly outcome: 0 | 1 | null;
}

/** One network, or the served way as a whole, that answered for embryos. */
export interface EvaluatedModel {
  readonly name: string;
  readonly kind: ModelKind;
  /** Tables of the paper that it belongs to, such as "3". */
  readonly tables: readonly string[];
  /** The clinic whose embryos it never saw in training, in leave-one-clinic-out. */
  readonly withoutClinic: string | null;
  /** True for the bundle's own networks, which may be trained longer, or on more, than those they are compared with. */
  readonly served: boolean;
}

/** A model's scores by embryo id; a structure that it does not grade is null. */
export interface ModelAnswers {
  readonly model: EvaluatedModel;
  readonly scores: ReadonlyMap<string, ByStructure<GradeDistribution | null>>;
}

/** An embryo with what was predicted of one structure and what is held to be true. */
export interface JudgedEmbryo {
  readonly cycleId: string;
  readonly predicted: Grade;
  readonly truth: Grade;
}

/** Votes of one structure. */
export function votesOf(subject: Subject, structure: Structure): readonly Grade[] {
  return structure === "icm" ? subject.icmVotes : subject.teVotes;
}

/** The majority, where at least two annotators voted. Kragh et al. 2019, section 4.1.1. */
export function majorityOf(subject: Subject, structure: Structure): Grade | null {
  const votes = votesOf(subject, structure);
  return countsForAgreement(votes) ? majorityVote(votes) : null;
}

/** The grade by the scores, as in the paper's tables; null where the model has no word on it. */
export function gradeBy(answers: ModelAnswers, embryoId: string, structure: Structure): Grade | null {
  const scores = answers.scores.get(embryoId)?.[structure] ?? null;
  return scores === null ? null : mostProbableGrade(scores);
}

/** The embryos that the model graded and of which the truth is known. */
export function judged(
  subjects: readonly Subject[],
  answers: ModelAnswers,
  structure: Structure,
  truthOf: (subject: Subject) => Grade | null = (subject) => subject[structure],
): JudgedEmbryo[] {
  return subjects.flatMap((subject) => {
    const predicted = gradeBy(answers, subject.embryoId, structure);
    const truth = truthOf(subject);
    return predicted === null || truth === null ? [] : [{ cycleId: subject.cycleId, predicted, truth }];
  });
}
