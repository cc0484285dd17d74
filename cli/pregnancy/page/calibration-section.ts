import { isMeasured } from "../../evaluation/measured.ts";
import { COLOURS, type Curve, unitSquare } from "../../evaluation/page/charts.ts";
import { html, type Markup } from "../../evaluation/page/html.ts";
import { decimal, figure, pValue, signedDecimal, table, unmeasured } from "../../evaluation/page/words.ts";
import type { CalibrationReport, Trust } from "../figures/calibration.ts";
import { failed, type SeedTest, SIGNIFICANT, STATES, type State } from "../figures/calibration-seeds.ts";
import { holdsOne, METHOD_NAMES } from "../figures/claims.ts";
import { PAPER_CALIBRATION } from "../kim-2024.ts";
import type { PregnancyReport } from "../report.ts";
import { stripPlot } from "./charts.ts";

const NAMES: Readonly<Record<State, string>> = { raw: "raw score", ...METHOD_NAMES };
const STATE_COLOURS: Readonly<Record<State, string>> = {
  raw: COLOURS.before,
  isotonic: COLOURS.after,
  platt: COLOURS.human,
};

/** How far the scores of one network are probabilities, before and after calibration. */
export function calibrationSection({ calibration }: PregnancyReport): Markup {
  const title = html`<h2>Can the probability be believed?</h2>`;
  if (!isMeasured(calibration)) return html`${title}<p>${unmeasured(calibration.notMeasurable)}</p>`;
  const { model, fitted, chosen, before, after, seeds } = calibration;
  const rows = [
    calibrationRow("raw", before, null),
    calibrationRow("isotonic", after.isotonic, after.isotonic),
    calibrationRow("platt", after.platt, after.platt),
    ...paperRows(),
  ];
  return html`${title}
<p>${model.name} on ${model.input} images, fold ${model.fold}${model.served ? ", which is served" : ""}. Both calibrators are fitted to the
${fitted.embryos} embryos of that fold (${fitted.positives} positive, ${fitted.cycles} cycles), which the network never trained on, and measured on the
held-out embryos. For so many cases the rule takes <b>${METHOD_NAMES[chosen]}</b>: isotonic regression from 1000 cases on, Platt scaling below,
where isotonic regression overfits.</p>
${table(
  "The held-out embryos; lower is better, but for p",
  [
    { title: "", words: true },
    { title: "Brier score" },
    { title: "− raw" },
    { title: "Calibration error" },
    { title: "− raw" },
    { title: "Hosmer-Lemeshow" },
    { title: "Calibration slope" },
  ],
  rows,
  "Calibration error: ten bins of about equal count, the mean distance from the diagonal; drawing embryos anew adds scatter, so that its interval lies a little high. Hosmer-Lemeshow: ten groups, equal forecasts in one; as many degrees of freedom as groups, since nobody fitted these embryos; a small p speaks against the probabilities. Slope: 1 for right probabilities, below for too sure ones; its interval takes each embryo for independent.",
)}
<div class="pair">${unitSquare("Before calibration", "probability given", "share that became pregnant", [
    reliability("raw", before),
  ])}${unitSquare("After calibration", "probability given", "share that became pregnant", [
    reliability("isotonic", after.isotonic),
    { ...reliability("platt", after.platt), dashed: true },
  ])}</div>
<h3>Hosmer-Lemeshow over twenty seeds</h3>
${isMeasured(seeds) ? seedsPart(seeds) : html`<p>${unmeasured(seeds.notMeasurable)}</p>`}`;
}

function calibrationRow(
  state: State,
  { brier, ece, hosmerLemeshow, slope }: Trust,
  change: CalibrationReport["after"]["platt"] | null,
): Markup[] {
  const { chiSquared, df, p } = hosmerLemeshow;
  const test = p === null ? unmeasured("there is no degree of freedom") : html`<b>${pValue(p)}</b>`;
  const statistic = chiSquared === null ? "χ² beyond bounds" : `χ² = ${chiSquared.toFixed(1)}`;
  return [
    html`${NAMES[state]}`,
    figure(brier, decimal),
    change === null ? html`–` : figure(change.brierChange, signedDecimal),
    figure(ece, decimal),
    change === null ? html`–` : figure(change.eceChange, signedDecimal),
    html`${test} <small>${statistic}, df ${df}</small>`,
    isMeasured(slope)
      ? html`${figure(slope.slope, decimal)} <small>${holdsOne(slope.slope) ? "holds 1" : "does not hold 1"}</small>`
      : unmeasured(slope.notMeasurable),
  ];
}

function paperRows(): Markup[][] {
  const { before, after } = PAPER_CALIBRATION;
  const paper = (text: string) => html`<span class="paper">${text}</span>`;
  const row = (name: string, { brier, hosmerLemeshowP }: { brier: number; hosmerLemeshowP: string }) => [
    ...[paper(name), paper(decimal(brier)), paper("–"), paper("–"), paper("–")],
    ...[paper(hosmerLemeshowP.startsWith("<") ? `p ${hosmerLemeshowP}` : `p = ${hosmerLemeshowP}`), paper("–")],
  ];
  return [row("paper, raw score", before), row("paper, isotonic regression", after)];
}

function reliability(state: State, { curve }: Trust): Curve {
  const most = Math.max(...curve.map(({ count }) => count));
  return {
    name: NAMES[state],
    colour: STATE_COLOURS[state],
    points: curve.map(({ predicted, observed, count }) => ({
      x: predicted,
      y: observed.value,
      low: observed.low,
      high: observed.high,
      weight: (0.4 * count) / most,
    })),
  };
}

function seedsPart(seeds: readonly SeedTest[]): Markup {
  const counts = STATES.map((state) => `${NAMES[state]} in ${failed(seeds, state)}`).join(", ");
  return html`<p>The seeds 1 to ${seeds.length} were declared beforehand. Each deals the cycles of fold and held-out embryos into halves; calibrators are
fitted to one half and tested on the other. Below 0.05: ${counts} of ${seeds.length}. Right probabilities fail in one of twenty; the halves
overlap, so that these are not ${seeds.length} independent tests.</p>
${stripPlot(
  "p of the Hosmer-Lemeshow test, one dot a seed",
  "p",
  STATES.map((state) => ({
    name: NAMES[state],
    colour: STATE_COLOURS[state],
    values: seeds.map(({ p }) => p[state]),
  })),
  SIGNIFICANT,
)}`;
}
