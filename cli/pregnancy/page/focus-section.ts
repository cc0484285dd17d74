import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { isMeasured } from "../../evaluation/measured.ts";
import { html, type Markup } from "../../evaluation/page/html.ts";
import { figure, percent, points, table, unmeasured } from "../../evaluation/page/words.ts";
import { type FocusCounts, type FocusGain, type FocusRow, type FocusTable, onIcmOrTe } from "../figures/focus.ts";
import type { NetworkInput } from "../networks.ts";
import type { PregnancyReport } from "../report.ts";

const GROUPS: Readonly<Record<FocusRow["correct"], string>> = {
  both: "Both images correct",
  neither: "Both images incorrect",
  "plain only": "Only the plain image correct",
  "enhanced only": "Only the enhanced image correct",
  total: "Total",
};

/** Table 3: what the networks look at. */
export function focusSection({ focus }: PregnancyReport): Markup {
  const { table: found, shares, gains } = focus;
  // Of the plain images there is nothing to say.
  const gainCell = (input: NetworkInput, name: string, of: (gain: FocusGain) => Interval) => {
    const gain = gains.find((one) => one.name === name);
    return input === "plain" || gain === undefined ? html`–` : figure(of(gain), points);
  };
  const rows = shares.map(({ name, input, counts, onIcmOrTe: share, withinHalfCell }) => [
    html`${name}`,
    html`${input}`,
    figure(share, percent),
    gainCell(input, name, ({ onIcmOrTe: gain }) => gain),
    ...[counts.icm, counts.te, counts.other, counts.none].map(
      (count) => html`${((100 * count) / total(counts)).toFixed(1)}`,
    ),
    figure(withinHalfCell, percent),
    gainCell(input, name, ({ withinHalfCell: gain }) => gain),
  ]);
  return html`<h2>Where the networks look (Table 3)</h2>
<p>The focus is the tissue at the peak of the Grad-CAM map of 7 x 7 cells, brought to the still's size, by the segmenter's own
masks and without any tolerance. In the paper two embryologists judged the maps by eye. A map that is zero everywhere has no peak
and counts as other.</p>
${isMeasured(found) ? focusTable(found) : html`<p>Table 3: ${unmeasured(found.notMeasurable)}.</p>`}
${table(
  "All networks, all folds",
  [
    { title: "Network", words: true },
    { title: "Image", words: true },
    { title: "On ICM or TE" },
    { title: "− plain, points" },
    { title: "ICM, %" },
    { title: "TE, %" },
    { title: "Elsewhere, %" },
    { title: "Nowhere, %" },
    { title: "Within half a cell" },
    { title: "− plain, points" },
  ],
  rows,
  "A cell of the map is 32 pixels of the still wide, so that a peak is no surer than half of one: the last two columns count peaks on ICM or TE and up to 16 pixels beside them. They were added after the exact count on phantoms had been seen, and no verdict rests on them.",
)}`;
}

function focusTable({ name, fold, rows }: FocusTable): Markup {
  return table(
    `${name}, the networks of fold ${fold}: focus on ICM or TE, and elsewhere`,
    [
      { title: "", words: true },
      { title: "N" },
      { title: "Plain: ICM or TE" },
      { title: "Plain: other" },
      { title: "Enhanced: ICM or TE" },
      { title: "Enhanced: other" },
      { title: html`<span class="paper">paper: N</span>` },
      { title: html`<span class="paper">plain</span>` },
      { title: html`<span class="paper">enhanced</span>` },
    ],
    rows.map(({ correct, cases, focus, paper }) => [
      html`${GROUPS[correct]}`,
      html`${cases}`,
      ...counts(focus.plain),
      ...counts(focus.enhanced),
      html`<span class="paper">${paper.cases}</span>`,
      html`<span class="paper">${percent(paper.plainOnIcmOrTe / paper.cases)}</span>`,
      html`<span class="paper">${percent(paper.enhancedOnIcmOrTe / paper.cases)}</span>`,
    ]),
  );
}

function counts(focus: FocusCounts): [onTissue: Markup, other: Markup] {
  const all = total(focus);
  const share = (count: number) => (all === 0 ? html`<b>0</b>` : html`<b>${count} (${percent(count / all)})</b>`);
  return [
    html`${share(onIcmOrTe(focus))} <small>ICM ${focus.icm}, TE ${focus.te}</small>`,
    html`${share(focus.other + focus.none)} <small>${focus.none} of them nowhere</small>`,
  ];
}

const total = ({ icm, te, other, none }: FocusCounts): number => icm + te + other + none;
