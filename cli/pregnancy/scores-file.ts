import { csvLine } from "../dataset/csv.ts";
import type { ScoredNetwork } from "./scoring.ts";
import type { Transfer } from "./transfers.ts";

const COLUMNS = [
  "embryo_id",
  "cycle_id",
  "split",
  "fold",
  "age_years",
  "outcome",
  "network",
  "input",
  "raw_score",
  "focus",
  "focus_distance_px",
] as const;

/**
 * Every network's answer for every embryo that it never saw, as CSV: one row a network and embryo, held-out embryos as
 * "test", those of the network's own fold as "validation". `fold` is the network's.
 */
export function scoresCsv(transfers: readonly Transfer[], networks: readonly ScoredNetwork[]): string {
  const rows = networks.flatMap(({ model, answers }) =>
    transfers.flatMap(({ embryoId, cycleId, fold, ageYears, positive }) => {
      const answer = answers.get(embryoId);
      if (answer === undefined) return [];
      const split = fold === null ? "test" : "validation";
      return csvLine([
        ...[embryoId, cycleId, split, model.fold, ageYears, positive ? 1 : 0],
        ...[model.name, model.input, answer.rawScore, answer.focus, answer.focusDistancePx?.toFixed(1) ?? ""],
      ]);
    }),
  );
  return csvLine(COLUMNS) + rows.join("");
}
