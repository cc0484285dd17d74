import Table from "cli-table3";
import { GRADES, type StructureGrade } from "../core/contracts/grades.ts";
import type { GradingAnswer, PregnancyAnswer, Sequence } from "../core/contracts/grading.ts";
import { wholePercent } from "../core/pregnancy/whole-percent.ts";

const REMARK_WIDTH = 44;

/** Gradings as a table for a terminal, in the order given. */
export function gradingsTable(answers: readonly GradingAnswer[]): string {
  const table = new Table({
    head: ["Embryo", "ICM", "TE", "Group", "Pregnancy", "Frames", "tMEB", "Remarks"],
    style: { head: [], border: [] },
    colWidths: [null, null, null, null, null, null, null, REMARK_WIDTH],
    wordWrap: true,
  });
  for (const { embryoId, icm, te, qualityGroup, status, pregnancy, sequence, warnings, rejection } of answers) {
    const remarks = [
      ...(rejection ? [`${rejection.code}: ${rejection.detail}`] : []),
      ...warnings.map(({ code }) => code),
    ];
    table.push([
      embryoId ?? "?",
      shares(icm),
      shares(te),
      qualityGroup ?? status,
      pregnancy ? chance(pregnancy) : "",
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

/** `41 % (31-52)`, with the interval in brackets; `score .55` where nothing is calibrated */
function chance({ probability, interval, rawScore }: PregnancyAnswer): string {
  if (probability === null || interval === null) return `score ${rawScore.toFixed(2).replace(/^0/, "")}`;
  const [share, low, high] = [probability, interval.low, interval.high].map(wholePercent);
  return `${share} % (${low}-${high})`;
}

function momentOf({ tMebHpi }: Sequence): string {
  return tMebHpi === null ? "still" : `${tMebHpi.toFixed(1)} hpi`;
}
