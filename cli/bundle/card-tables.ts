import type { ModelFigures } from "../evaluation/figures/model-figures.ts";
import { STRUCTURE_NAMES, STRUCTURES } from "../evaluation/measured.ts";
import type { EvaluationReport } from "../evaluation/report.ts";
import { decimal, ours, percent, row } from "./card-words.ts";

const TABLES = [
  { number: "3", title: "Table 3: one frame against the sequence" },
  { number: "4", title: "Table 4: both grades together against each alone" },
  { number: "7", title: "Table 7: loss functions" },
] as const;

/** Tables 3, 4 and 7 in Markdown: ours with its interval, the paper's beside it; a table without a network is left out. */
export function modelTables({ models, constantAnswer }: EvaluationReport): string {
  return TABLES.map(({ number, title }) => {
    const rows = models.filter(({ tables }) => tables.includes(number));
    if (rows.length === 0) return "";
    const scores = ["accuracy", "MSE"].flatMap((score) =>
      STRUCTURES.flatMap((structure) => [`${STRUCTURE_NAMES[structure]} ${score}`, "paper"]),
    );
    return `
### ${title}

${row(["", ...scores])}
|${"---|".repeat(scores.length + 1)}
${[...rows, constantAnswer].map(modelRow).join("\n")}
`;
  }).join("");
}

function modelRow({ name, accuracy, mse, paper }: ModelFigures): string {
  const cells = (score: "accuracy" | "mse", format: (value: number) => string) =>
    STRUCTURES.flatMap((structure) => {
      const theirs = paper?.[score][structure] ?? null;
      const measured = score === "accuracy" ? accuracy[structure] : mse[structure];
      return [ours(measured, format), theirs === null ? "–" : format(theirs)];
    });
  return row([name, ...cells("accuracy", percent), ...cells("mse", decimal)]);
}
