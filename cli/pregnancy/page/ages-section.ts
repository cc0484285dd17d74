import type { SampleSummary, TTest } from "../../../core/statistics/t-test.ts";
import { isMeasured, type Measured } from "../../evaluation/measured.ts";
import { html, type Markup } from "../../evaluation/page/html.ts";
import { type Column, pValue, table, unmeasured } from "../../evaluation/page/words.ts";
import type { PregnancyReport } from "../report.ts";

const COLUMNS: readonly Column[] = [
  { title: "Laboratory", words: true },
  { title: "Negative, N" },
  { title: "age, mean ± SD" },
  { title: "Positive, N" },
  { title: "age, mean ± SD" },
  { title: "Student's t-test" },
  { title: "Welch's t-test" },
];

/** Table 1: women's ages by outcome. */
export function agesSection({ ages, paperAges }: PregnancyReport): Markup {
  const ours = ages.map(({ laboratory, negative, positive, tests }) => [
    html`${laboratory}`,
    ...sample(negative),
    ...sample(positive),
    ...(isMeasured(tests)
      ? [test(tests.student), test(tests.welch)]
      : [unmeasured(tests.notMeasurable), unmeasured(tests.notMeasurable)]),
  ]);
  const paper = paperAges.map(({ laboratory, negative, positive, student, welch, p }) => [
    html`${laboratory}`,
    ...sample(negative),
    ...sample(positive),
    test(student),
    test(welch),
    html`<span class="paper">${p}</span>`,
  ]);
  return html`<h2>Ages by outcome (Table 1)</h2>
${table(
  "These embryos, all splits",
  COLUMNS,
  ours,
  "Years. Each embryo counts, as in the paper, although those of one woman share her age: the tests take for independent what is not, so that their p are too small.",
)}
${table(
  "The paper's Table 1, with both tests of the numbers it prints",
  [...COLUMNS, { title: html`<span class="paper">p as printed</span>` }],
  paper,
  "The paper does not say which t-test it is. Its p of D (0.027) and of E (0.023) are given exactly by neither: its means and deviations are rounded to a tenth of a year.",
)}`;
}

function sample(summary: Measured<SampleSummary>): Markup[] {
  if (!isMeasured(summary)) return [html`–`, unmeasured(summary.notMeasurable)];
  const { n, mean, standardDeviation } = summary;
  return [html`${n}`, html`${mean.toFixed(1)} ± ${standardDeviation.toFixed(1)}`];
}

function test({ t, df, p }: TTest): Markup {
  return html`<b>${pValue(p)}</b> <small>t = ${t.toFixed(2)}, df ${df.toFixed(Number.isInteger(df) ? 0 : 1)}</small>`;
}
