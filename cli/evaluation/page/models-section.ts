import type { Difference, ModelFigures } from "../figures/model-figures.ts";
import { isMeasured, STRUCTURE_NAMES, STRUCTURES, type Structure } from "../measured.ts";
import type { EvaluationReport } from "../report.ts";
import { COLOURS, type ForestRow, forest } from "./charts.ts";
import { html, joined, type Markup, NOTHING } from "./html.ts";
import { type Column, decimal, figure, paperFigure, percent, points, signedDecimal, table } from "./words.ts";

type Score = "accuracy" | "mse";

const TABLES: readonly { readonly number: string; readonly title: string; readonly against: string }[] = [
  { number: "3", title: "Table 3: one frame against the sequence", against: "RNN minus each CNN, on the same embryos" },
  { number: "4", title: "Table 4: both grades together against each alone", against: "Both together minus each alone" },
  { number: "7", title: "Table 7: loss functions", against: "Ordinal cross-entropy minus each other loss" },
];

/** Accuracy and MSE of every model: Tables 3, 4 and 7 with their differences. */
export function modelsSection(report: EvaluationReport): Markup {
  const blocks = TABLES.map(({ number, title, against }) => {
    const models = report.models.filter(({ tables }) => tables.includes(number));
    const differences = report.differences.filter((difference) => difference.table === number);
    if (models.length === 0) return NOTHING;
    return html`<h3>${title}</h3>
${modelTable(models, report.constantAnswer)}${accuracyForest(models)}${differences.length === 0 ? NOTHING : differenceTable(against, differences)}`;
  });
  const others = report.models.filter(({ tables }) => TABLES.every(({ number }) => !tables.includes(number)));
  return html`<h2>Accuracy by model</h2>
<p>Against one annotator's label, from the networks' scores as in the paper's tables. MSE counts C = 0, B = 1, A = 2; lower is
better. In grey beside ours the paper's own figures, from 851 real embryos: phantoms or other clinics' embryos are another
task, so that orders compare, not heights.</p>
${joined(blocks)}${others.length === 0 ? NOTHING : html`<h3>Other networks</h3>${modelTable(others, report.constantAnswer)}`}`;
}

function modelTable(models: readonly ModelFigures[], constant: ModelFigures): Markup {
  return table(
    "Accuracy and MSE",
    columns("Model"),
    [...models, constant].map(rowOf(percent, decimal)),
    intervalNote(models),
  );
}

function intervalNote(models: readonly ModelFigures[]): string {
  const counts = models
    .flatMap(({ embryos }) => STRUCTURES.map((structure) => embryos[structure]))
    .filter((n) => n > 0);
  if (counts.length === 0) return "No embryo could be counted.";
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const many = least === most ? `${most}` : `${least} to ${most}`;
  return `${many} embryos in each figure; below each its 95 % interval.`;
}

function differenceTable(caption: string, differences: readonly Difference[]): Markup {
  return table(
    caption,
    columns("Difference (accuracy in percentage points)"),
    differences.map(rowOf(points, signedDecimal)),
    "An interval that leaves out 0 is a difference that other embryos of the same kind would be expected to show too.",
  );
}

function columns(first: string): Column[] {
  const scores = (["accuracy", "MSE"] as const).flatMap((score) =>
    STRUCTURES.flatMap((structure) => [
      { title: `${STRUCTURE_NAMES[structure]} ${score}` },
      { title: html`<span class="paper">paper</span>` },
    ]),
  );
  return [{ title: first, words: true }, ...scores];
}

function rowOf(asAccuracy: (value: number) => string, asMse: (value: number) => string) {
  return (row: ModelFigures | Difference): Markup[] => {
    const cells = (score: Score, format: (value: number) => string) =>
      STRUCTURES.flatMap((structure) => [
        figure(row[score][structure], format),
        paperFigure(row.paper?.[score][structure], format),
      ]);
    return [html`${row.name}`, ...cells("accuracy", asAccuracy), ...cells("mse", asMse)];
  };
}

function accuracyForest(models: readonly ModelFigures[]): Markup {
  const panel = (structure: Structure) => ({
    title: `${STRUCTURE_NAMES[structure]} accuracy`,
    colour: COLOURS[structure],
    rows: models.map(({ name, accuracy, paper }): ForestRow => {
      const measured = accuracy[structure];
      return { name, figure: isMeasured(measured) ? measured : null, paper: paper?.accuracy[structure] ?? null };
    }),
  });
  return forest("Accuracy with 95 % intervals; hollow diamonds are the paper's", STRUCTURES.map(panel), (share) =>
    percent(share).replace(".0", ""),
  );
}
