import { GRADES, type Grade, type GradeDistribution } from "../contracts/grades.ts";
import { gradePosition } from "../grading/grade-decoding.ts";

/** One embryo: what was predicted and what is held to be true. */
export interface GradePair {
  readonly predicted: Grade;
  readonly truth: Grade;
}

/** Share of equal grades, 0 to 1; NaN for no pairs. */
export function accuracy(pairs: readonly GradePair[]): number {
  return mean(pairs.map(({ predicted, truth }) => (predicted === truth ? 1 : 0)));
}

/** Mean squared distance with C = 0, B = 1, A = 2. Kragh et al. 2019, section 4.1. */
export function meanSquaredError(pairs: readonly GradePair[]): number {
  return mean(pairs.map(({ predicted, truth }) => (gradePosition(predicted) - gradePosition(truth)) ** 2));
}

/** Counts by true grade (rows) and predicted grade (columns), both in the order A, B, C. */
export function confusionMatrix(pairs: readonly GradePair[]): number[][] {
  return GRADES.map((truth) =>
    GRADES.map((predicted) => pairs.filter((pair) => pair.truth === truth && pair.predicted === predicted).length),
  );
}

/** The most frequent grade; a tied vote goes to the better grade. @param votes at least one */
export function majorityVote(votes: readonly Grade[]): Grade {
  const count = (grade: Grade) => votes.filter((vote) => vote === grade).length;
  return GRADES.reduce((best, grade) => (count(grade) > count(best) ? grade : best));
}

/**
 * Mean negative logarithm of the probability that each vote was given; lower is better, and only the votes' true
 * distribution is best. A probability below 1e-3 counts as 1e-3, so that one empty class does not decide it.
 */
export function meanLogLoss(cases: readonly { probabilities: GradeDistribution; votes: readonly Grade[] }[]): number {
  return mean(
    cases.map(({ probabilities, votes }) => mean(votes.map((vote) => -Math.log(Math.max(probabilities[vote], 1e-3))))),
  );
}

/** NaN for none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
