import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { isMeasured, type Measured } from "../measured.ts";
import { html, type Markup, NOTHING } from "./html.ts";

/** "65.2 %". */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** "0.652". */
export const decimal = (value: number): string => value.toFixed(3).replace("-", "−");

/** "+5.2", percentage points. */
export const points = (share: number): string => signed((100 * share).toFixed(1));

/** "+0.052". */
export const signedDecimal = (value: number): string => signed(value.toFixed(3));

function signed(text: string): string {
  if (Number(text) === 0) return text.replace("-", "");
  return Number(text) > 0 ? `+${text}` : text.replace("-", "−");
}

/** "p = 0.54", or "p &lt; 0.001". */
export const pValue = (p: number): string => (p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`);

/** A figure with its interval below it, or "not measurable" with the reason on pointing at it and in small print. */
export function figure(measured: Measured<Interval>, format: (value: number) => string): Markup {
  if (!isMeasured(measured)) return unmeasured(measured.notMeasurable);
  const { value, low, high } = measured;
  const interval =
    low === null || high === null
      ? html`<small>no interval</small>`
      : html`<small>${format(low)} to ${format(high)}</small>`;
  return html`<b>${format(value)}</b> ${interval}`;
}

export function unmeasured(reason: string): Markup {
  return html`<span class="unmeasured">not measurable: ${reason}</span>`;
}

/** The paper's own figure in a cell of its own. */
export function paperFigure(value: number | null | undefined, format: (value: number) => string): Markup {
  return value === null || value === undefined
    ? html`<span class="paper">–</span>`
    : html`<span class="paper">${format(value)}</span>`;
}

export interface Column {
  readonly title: Markup | string;
  /** Numbers stand to the right, words to the left. */
  readonly words?: boolean;
}

/** A table with a caption; every row has one cell a column. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Markup[])[],
  note?: string,
): Markup {
  const kind = (n: number) => (columns[n]!.words === true ? "words" : "number");
  return html`<div class="table"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ title }, n) => html`<th scope="col" class="${kind(n)}">${title}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (cells) => html`<tr>${cells.map((cell, n) => html`<td class="${kind(n)}">${cell}</td>`)}</tr>
`,
)}</tbody>
</table>${note === undefined ? NOTHING : html`<p class="note">${note}</p>`}</div>
`;
}

/** "1 embryo", "2 embryos". */
export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
