import { isMeasured } from "../../evaluation/measured.ts";
import { html, type Markup, NOTHING } from "../../evaluation/page/html.ts";
import { decimal, figure, pValue, signedDecimal, table, unmeasured } from "../../evaluation/page/words.ts";
import {
  type FoldMean,
  type Gain,
  MEASURES,
  type PerformanceFigures,
  type PerformanceRow,
} from "../figures/performance.ts";
import type { PregnancyReport } from "../report.ts";
import { boxPlot, INPUT_COLOURS, rocPlot } from "./charts.ts";

/** Table 2, Fig. 4 and the ROC curves. */
export function performanceSection({ performance }: PregnancyReport): Markup {
  const { heldOut, rows, gains, ageAlone, bestAttainable } = performance;
  const best = isMeasured(bestAttainable)
    ? html`The best attainable is ${figure(bestAttainable, decimal)}, by the probabilities that the outcomes were drawn with: ${signedDecimal(bestAttainable.value - ageAlone.value)} is all that pictures can add to the age.`
    : html`The best attainable: ${unmeasured(bestAttainable.notMeasurable)}.`;
  return html`<h2>Predicting the pregnancy (Table 2)</h2>
<p>On ${heldOut.embryos} held-out embryos of ${heldOut.cycles} cycles, ${heldOut.positives} of them positive. Each row is one network
trained three times, each time without another fold; a pregnancy is predicted from a raw score of 0.5 on.</p>
${table(
  "Mean ± standard deviation over the folds; the paper's below in grey",
  [
    { title: "Network", words: true },
    { title: "Image", words: true },
    { title: "AUROC" },
    { title: "95 % interval" },
    { title: "Accuracy" },
    { title: "Sensitivity" },
    { title: "Specificity" },
    { title: "AUROC − age alone" },
  ],
  rows.map(performanceRow),
  "The standard deviation, with n − 1, is between trainings; the interval is between samples of embryos.",
)}
<dl><dt>Age alone</dt><dd class="figure">AUROC ${figure(ageAlone, decimal)}</dd>
<dt>Bound</dt><dd class="figure">${best}</dd></dl>
${gains.length === 0 ? NOTHING : gainsTable(gains)}
<h3>AUROC by network (Figure 4) and ROC curves</h3>
${boxes(performance)}
<p class="note">A box reaches from quartile to quartile of the folds, each of which is a dot; diamonds are the paper's means, of other embryos.</p>
<div class="pair">${rocPlots(performance)}</div>
<p class="note">One line a fold.</p>`;
}

function performanceRow({ name, input, aurocInterval, aboveAge, paper, ...row }: PerformanceRow): Markup[] {
  const [auroc, ...others] = MEASURES.map((measure) => overFolds(row[measure], paper?.[measure] ?? null));
  const { low, high } = aurocInterval;
  const interval =
    low === null || high === null ? html`none` : html`<small>${decimal(low)} to ${decimal(high)}</small>`;
  return [html`${name}`, html`${input}`, auroc!, interval, ...others, figure(aboveAge, signedDecimal)];
}

function overFolds(ours: FoldMean, paper: FoldMean | null): Markup {
  const text = ({ mean, standardDeviation }: FoldMean) =>
    standardDeviation === null ? decimal(mean) : `${decimal(mean)} ± ${decimal(standardDeviation)}`;
  return html`<b>${text(ours)}</b>${paper === null ? NOTHING : html` <small>${text(paper)}</small>`}`;
}

function gainsTable(gains: readonly Gain[]): Markup {
  const folds = Math.max(...gains.map(({ deLong }) => deLong.length));
  const rows = gains.map(({ name, auroc, deLong, paper }) => [
    html`${name}`,
    figure(auroc, signedDecimal),
    html`<span class="paper">${paper === null ? "–" : signedDecimal(paper)}</span>`,
    ...deLong.map((test) =>
      isMeasured(test)
        ? html`<b>${signedDecimal(test.difference)}</b> <small>${pValue(test.p)}</small>`
        : unmeasured(test.notMeasurable),
    ),
  ]);
  return table(
    "Enhanced minus plain, AUROC",
    [
      { title: "Network", words: true },
      { title: "Mean over folds" },
      { title: html`<span class="paper">paper</span>` },
      ...Array.from({ length: folds }, (_, fold) => ({ title: `Fold ${fold}, DeLong's test` })),
    ],
    rows,
    "Paired: both networks on the same embryos. The interval draws whole cycles; DeLong's test takes each embryo for independent.",
  );
}

function boxes({ rows, ageAlone, bestAttainable }: PerformanceFigures): Markup {
  return boxPlot(
    "AUROC of each fold's network on the held-out embryos",
    rows.map(({ name, input, folds, paper }) => ({
      name: name.replace(", the bundle's", " (bundle)"),
      input,
      values: folds.map(({ auroc }) => auroc),
      paper: paper?.auroc.mean ?? null,
    })),
    [
      { name: "age alone", value: ageAlone.value },
      ...(isMeasured(bestAttainable) ? [{ name: "attainable", value: bestAttainable.value }] : []),
    ],
  );
}

function rocPlots({ rows, ageAlone }: PerformanceFigures): Markup[] {
  return [...Map.groupBy(rows, ({ name }) => name)].map(([name, own]) =>
    rocPlot(name, [
      { name: "age alone", colour: INPUT_COLOURS.age, curve: ageAlone.curve },
      ...own.flatMap(({ input, folds }) =>
        folds.map(({ curve }) => ({ name: input, colour: INPUT_COLOURS[input], curve })),
      ),
    ]),
  );
}
