import { confusionMatrix, type GradePair } from "./grade-statistics.ts";

/** How much a disagreement weighs by how many grades it spans: all alike, or by the distance, or by its square. */
export type KappaWeights = "unweighted" | "linear" | "quadratic";

/**
 * Cohen's kappa of two graders over A, B and C: 1 is perfect agreement, 0 what their shares of the grades give by chance,
 * below 0 is worse than chance.
 *
 * @param pairs the two grades of each embryo; which grader is the prediction changes nothing
 * @returns -1 to 1; NaN where chance alone would agree, as without pairs or when both always say the same grade
 * @see Cohen 1968, Weighted kappa
 */
export function weightedKappa(pairs: readonly GradePair[], weights: KappaWeights): number {
  const observed = confusionMatrix(pairs);
  const rows = observed.map(sum);
  const columns = observed.map((_, j) => sum(observed.map((row) => row[j]!)));
  const disagreement = (countAt: (i: number, j: number) => number) =>
    sum(observed.map((row, i) => sum(row.map((_, j) => weightOf(Math.abs(i - j), weights) * countAt(i, j)))));
  const byChance = disagreement((i, j) => (rows[i]! * columns[j]!) / pairs.length);
  return byChance === 0 ? Number.NaN : 1 - disagreement((i, j) => observed[i]![j]!) / byChance;
}

function weightOf(distance: number, weights: KappaWeights): number {
  if (weights === "unweighted") return distance === 0 ? 0 : 1;
  return weights === "linear" ? distance : distance ** 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
