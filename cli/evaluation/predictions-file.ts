import { GRADES, type GradeDistribution } from "../../core/contracts/grades.ts";
import type { Prediction } from "../../core/contracts/prediction.ts";
import { mostProbableGrade } from "../../core/grading/grade-decoding.ts";
import { csvLine } from "../dataset/csv.ts";
import { STRUCTURES } from "./measured.ts";
import type { ModelAnswers, Subject } from "./subject.ts";

/**
 * Every model's answer for every embryo as CSV: grade by the scores, scores, and the calibrated probabilities where the
 * model server gave them; cells are empty where there is no answer.
 *
 * @param models the served way first
 */
export function predictionsCsv(
  subjects: readonly Subject[],
  models: readonly ModelAnswers[],
  served: ReadonlyMap<string, Prediction>,
): string {
  const threefold = (structure: string, what: string) =>
    GRADES.map((grade) => `${structure}_${what}_${grade.toLowerCase()}`);
  const columns = STRUCTURES.flatMap((structure) => [
    `${structure}_grade`,
    ...threefold(structure, "score"),
    ...threefold(structure, "probability"),
  ]);
  const rows = models.flatMap(({ model, scores }, position) =>
    subjects.map(({ embryoId, cycleId, clinic }) => {
      const cells = STRUCTURES.flatMap((structure) => {
        const given = scores.get(embryoId)?.[structure] ?? null;
        const calibrated = position === 0 ? served.get(embryoId)?.[structure].probabilities : undefined;
        return [given === null ? "" : mostProbableGrade(given), ...values(given), ...values(calibrated ?? null)];
      });
      return csvLine([embryoId, cycleId, clinic ?? "", model.name, ...cells]);
    }),
  );
  return csvLine(["embryo_id", "cycle_id", "clinic", "model", ...columns]) + rows.join("");
}

function values(distribution: GradeDistribution | null): string[] {
  return GRADES.map((grade) => (distribution === null ? "" : distribution[grade].toFixed(6)));
}
