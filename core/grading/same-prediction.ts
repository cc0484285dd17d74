import { GRADES } from "../contracts/grades.ts";
import type { Prediction } from "../contracts/prediction.ts";

/**
 * How far a GPU's scores may lie from the CPU's, of scores from 0 to 1.
 *
 * Both compute in float32 and add in another order, which moves a score by about a ten-thousandth; a GPU that rounds its factors
 * to ten bits (TF32) moves it by about a thousandth. Another network, preparation or order of classes moves it by far more. A
 * hundredth lies between, and is less than anybody reads in a grade.
 */
export const GPU_TOLERANCE = 0.01;

/** What has to be the very same in two predictions of one clip by one model. */
const IDENTITIES = ["schema", "model", "modelSha256", "clipSha256", "framesUsed"] as const;

interface ScorePair {
  readonly name: string;
  readonly expected: number | null;
  readonly actual: number | null;
}

/**
 * What tells two predictions of one clip by one model apart.
 *
 * @param tolerance how far two scores may lie apart, of scores from 0 to 1
 * @returns a sentence for each difference; none where they agree
 * @example
 * differencesOf(canned, answered, GPU_TOLERANCE) // ["The ICM score of A is 0.412, not 0.398."]
 */
export function differencesOf(expected: Prediction, actual: Prediction, tolerance: number): string[] {
  const identities = IDENTITIES.filter((name) => expected[name] !== actual[name]).map(
    (name) => `${name} is ${actual[name]}, not ${expected[name]}.`,
  );
  const scores = scorePairs(expected, actual)
    // Not `>`: with a NaN no comparison holds.
    .filter((pair) => !(distance(pair) <= tolerance))
    .map((pair) => `The ${pair.name} is ${pair.actual ?? "missing"}, not ${pair.expected ?? "missing"}.`);
  return [...identities, ...scores];
}

/** How far the two scores lie apart that differ most; infinite where one prediction has a score that the other has not. */
export function farthestScore(expected: Prediction, actual: Prediction): number {
  return Math.max(...scorePairs(expected, actual).map(distance));
}

function scorePairs(expected: Prediction, actual: Prediction): ScorePair[] {
  const grades = (["icm", "te"] as const).flatMap((structure) =>
    GRADES.map((grade) => ({
      name: `${structure.toUpperCase()} score of ${grade}`,
      expected: expected[structure].scores[grade],
      actual: actual[structure].scores[grade],
    })),
  );
  const [raw, other] = [expected, actual].map(({ pregnancy }) => pregnancy?.rawScore ?? null);
  return [...grades, { name: "raw pregnancy score", expected: raw!, actual: other! }];
}

function distance({ expected, actual }: ScorePair): number {
  if (expected === null && actual === null) return 0;
  return expected === null || actual === null ? Number.POSITIVE_INFINITY : Math.abs(expected - actual);
}
