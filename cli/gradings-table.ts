import Table from "cli-table3";
import { GRADES, type StructureGrade } from "../core/contracts/grades.ts";
import type { GradingAnswer, Sequence } from "../core/contracts/grading.ts";

const REMARK_WIDTH = 44;

/** Gradings as a table for a terminal, in the order given. */
export function gradingsTable(answers: readonly GradingAnswer[]): string {
  const table = new Table({
    head: ["Embryo", "ICM", "TE", "Group", "Frames", "tMEB", "Remarks"],
    style: { head: [], border: [] },
    colWidths: [null, null, null, null, null, null, REMARK_WIDTH],
    wordWrap: true,
  });
  for (const { embryoId, icm, te, qualityGroup, status, sequence, warnings, rejection } of answers) {
    const remarks = [
      ...(rejection ? [`${rejection.code}: ${rejection.detail}`] : []),
      ...warnings.map(({ code }) => code),
    ];
    table.push([
      embryoId ?? "?",
      shares(icm),
      shares(te),
      qualityGroup ?? status,
      sequence ? String(sequence.framesUsed) : "",
      sequence ? momentOf(sequence) : "",
      remarks.join("\n"),
    ]);
  }
  const notices = [...new Set(answers.flatMap(({ notice }) => notice ?? []))];
  return [table.toString(), ...notices].join("\n");
}

/** `B  A .21 B .70 C .09` */
function shares(structure: StructureGrade | null): string {
  if (structure === null) return "";
  const parts = GRADES.map((grade) => `${grade} ${structure.probabilities[grade].toFixed(2).replace(/^0/, "")}`);
  return `${structure.grade}  ${parts.join(" ")}`;
}

function momentOf({ tMebHpi }: Sequence): string {
  return tMebHpi === null ? "still" : `${tMebHpi.toFixed(1)} hpi`;
}
