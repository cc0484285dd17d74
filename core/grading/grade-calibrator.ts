import type { CalibrationMatrix } from "../contracts/bundle.ts";
import { GRADES, type Grade, type GradeDistribution } from "../contracts/grades.ts";

/** One embryo of the validation set: the network's softmax and what each annotator voted. */
export interface CalibrationCase {
  readonly scores: GradeDistribution;
  readonly votes: readonly Grade[];
}

const ROUNDS = 500;
// Pseudo-votes that pull each column towards "the scores are right": a class that hardly occurs keeps a sane column.
const PRIOR_VOTES = 4;
const PRIOR_DIAGONAL = 0.8;

/**
 * Turns scores into probabilities: `p[c] = sum over k of matrix[c][k] * scores[k]`.
 *
 * The ordinal cross-entropy is not a proper scoring rule; its minimum empties outer classes that annotators do vote for.
 * Each column says how the votes fall where the network is sure of class k, so that mass can go back to a class whose
 * score is zero. Columns sum to 1, and so does the answer.
 */
export function applyGradeCalibrator(matrix: CalibrationMatrix, scores: GradeDistribution): GradeDistribution {
  const [a, b, c] = matrix.map((row) => row[0] * scores.A + row[1] * scores.B + row[2] * scores.C);
  // The scores come from float32, whose sum is only nearly 1.
  const total = a! + b! + c!;
  return { A: a! / total, B: b! / total, C: c! / total };
}

/**
 * Fits the map of {@link applyGradeCalibrator} to validation votes by maximum likelihood (expectation-maximisation, in
 * which the score's class is the hidden variable; the likelihood never falls), with a small prior towards the identity.
 *
 * @param cases at least one; each embryo counts once, however many voted
 */
export function fitGradeCalibrator(cases: readonly CalibrationCase[]): CalibrationMatrix {
  let matrix = GRADES.map((_, c) => GRADES.map((_, k) => prior(c, k)));
  for (let round = 0; round < ROUNDS; round++) {
    const counts = GRADES.map((_, c) => GRADES.map((_, k) => PRIOR_VOTES * prior(c, k)));
    for (const { scores, votes } of cases) {
      for (const vote of votes) {
        const c = GRADES.indexOf(vote);
        const joint = GRADES.map((grade, k) => matrix[c]![k]! * scores[grade]);
        const total = joint[0]! + joint[1]! + joint[2]!;
        if (total === 0) continue;
        joint.forEach((share, k) => {
          counts[c]![k]! += share / total / votes.length;
        });
      }
    }
    matrix = normaliseColumns(counts);
  }
  return matrix as CalibrationMatrix;
}

function prior(c: number, k: number): number {
  return c === k ? PRIOR_DIAGONAL : (1 - PRIOR_DIAGONAL) / 2;
}

function normaliseColumns(counts: readonly (readonly number[])[]): number[][] {
  const sums = GRADES.map((_, k) => counts.reduce((sum, row) => sum + row[k]!, 0));
  return counts.map((row) => row.map((count, k) => count / sums[k]!));
}
