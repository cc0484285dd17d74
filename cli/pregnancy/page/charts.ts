import {
  type Axis,
  COLOURS,
  type Frame,
  legend,
  niceTicks,
  plane,
  px,
  SHARE_TICKS,
  share,
  svg,
} from "../../evaluation/page/charts.ts";
import { html, type Markup } from "../../evaluation/page/html.ts";
import { quartiles } from "../figures/quartiles.ts";
import type { NetworkInput } from "../networks.ts";

/** Of what is drawn of each input, and of the age alone. */
export const INPUT_COLOURS: Readonly<Record<NetworkInput | "age", string>> = {
  enhanced: COLOURS.after,
  plain: COLOURS.human,
  age: COLOURS.before,
};

const shortDecimal = (value: number): string => value.toFixed(2);

/** One box of {@link boxPlot}: a network's AUROC, one value a fold. */
export interface Box {
  readonly name: string;
  readonly input: NetworkInput;
  readonly values: readonly number[];
  /** The paper's mean. */
  readonly paper: number | null;
}

/** A line across a plot, such as the age alone. */
export interface ReferenceLine {
  readonly name: string;
  readonly value: number;
}

/** AUROC by network and input: boxes from quartile to quartile with every fold as a dot, the paper's mean as a diamond. Fig. 4 */
export function boxPlot(title: string, boxes: readonly Box[], references: readonly ReferenceLine[]): Markup {
  const step = 118;
  const frame: Frame = {
    width: 220 + step * Math.max(boxes.length, 2),
    height: 340,
    left: 60,
    top: 30,
    right: 150,
    bottom: 60,
  };
  const values = [
    ...boxes.flatMap((box) => [...box.values, ...(box.paper === null ? [] : [box.paper])]),
    ...references.map(({ value }) => value),
  ];
  const [from, to] = [Math.min(...values) - 0.02, Math.max(...values) + 0.02];
  const xAxis: Axis = { title: "", from: 0, to: boxes.length, ticks: [], format: String };
  const yAxis: Axis = { title: "AUROC", from, to, ticks: niceTicks(from, to), format: shortDecimal };
  const { x, y, axes } = plane(frame, xAxis, yAxis);
  const right = px(frame.width - frame.right);
  const lines = references.map(
    ({ name, value }) =>
      html`<line x1="${x(0)}" y1="${y(value)}" x2="${right}" y2="${y(value)}" stroke="#555" stroke-dasharray="5 4"/><text x="${px(frame.width - frame.right + 6)}" y="${px(Number(y(value)) + 4)}" class="tick">${name} ${value.toFixed(3)}</text>`,
  );
  return svg(frame, title, html`${axes}${lines}${boxes.map((box, n) => drawnBox(box, n, x, y, frame))}`);
}

function drawnBox(
  { name, input, values, paper }: Box,
  place: number,
  x: (value: number) => string,
  y: (value: number) => string,
  frame: Frame,
): Markup {
  const colour = INPUT_COLOURS[input];
  const [left, middle, right] = [x(place + 0.24), x(place + 0.5), x(place + 0.76)];
  const { lower, median, upper } = quartiles(values);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const below = frame.height - frame.bottom + 17;
  return html`<line x1="${middle}" y1="${y(least)}" x2="${middle}" y2="${y(most)}" stroke="${colour}"/>
<rect x="${left}" y="${y(upper)}" width="${px(Number(right) - Number(left))}" height="${px(Number(y(lower)) - Number(y(upper)))}" fill="${colour}" fill-opacity="0.18" stroke="${colour}" stroke-width="1.5"/>
<line x1="${left}" y1="${y(median)}" x2="${right}" y2="${y(median)}" stroke="${colour}" stroke-width="2.5"/>
${values.map((value) => html`<circle cx="${middle}" cy="${y(value)}" r="3.5" fill="${colour}"/>`)}${paper === null ? [] : [diamond(Number(x(place + 0.87)), Number(y(paper)))]}
<text x="${middle}" y="${px(below)}" text-anchor="middle">${name}</text><text x="${middle}" y="${px(below + 16)}" text-anchor="middle" class="tick">${input}</text>`;
}

const diamond = (x: number, y: number): Markup =>
  html`<path d="M${px(x)} ${px(y - 5)} l5 5 l-5 5 l-5 -5 z" fill="#fff" stroke="#555" stroke-width="1.2"/>`;

/** Curves of one colour and name are drawn alike and named once: one network on each fold. */
export interface RocLine {
  readonly name: string;
  readonly colour: string;
  readonly curve: readonly { readonly falsePositiveRate: number; readonly truePositiveRate: number }[];
}

/** ROC curves over the diagonal. */
export function rocPlot(title: string, lines: readonly RocLine[]): Markup {
  const frame: Frame = { width: 302, height: 296, left: 56, top: 30, right: 20, bottom: 48 };
  const axis = { from: 0, to: 1, ticks: SHARE_TICKS, format: share };
  const { x, y, axes } = plane(frame, { ...axis, title: "1 − specificity" }, { ...axis, title: "sensitivity" });
  const named = [...new Map(lines.map((line) => [line.name, line])).values()];
  return svg(
    frame,
    title,
    html`${axes}<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" class="diagonal"/>
${lines.map(({ colour, curve }) => html`<polyline points="${curve.map((p) => `${x(p.falsePositiveRate)},${y(p.truePositiveRate)}`).join(" ")}" fill="none" stroke="${colour}" stroke-width="1.4"/>`)}${legend(frame, named)}`,
  );
}

/** A row of dots of {@link stripPlot}. */
export interface Strip {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
}

/** Numbers from 0 to 1 as dots, a row each, with a line at a threshold; dots are set apart by their order. */
export function stripPlot(title: string, xTitle: string, strips: readonly Strip[], threshold: number): Markup {
  const rowHeight = 46;
  const frame: Frame = {
    ...{ width: 760, height: 34 + rowHeight * strips.length + 48 },
    ...{ left: 150, top: 30, right: 16, bottom: 48 },
  };
  const xAxis: Axis = { title: xTitle, from: 0, to: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], format: (p) => p.toFixed(1) };
  const { x, axes } = plane(frame, xAxis, null);
  const rows = strips.map(({ name, colour, values }, n) => {
    const middle = frame.top + rowHeight * (n + 0.5);
    const offset = (place: number) => ((place * 7) % values.length) * (28 / values.length) - 14;
    return html`<text x="${px(frame.left - 10)}" y="${px(middle + 4)}" text-anchor="end">${name}</text>
${values.map((value, place) => html`<circle cx="${x(value)}" cy="${px(middle + offset(place))}" r="3.5" fill="${colour}" fill-opacity="0.75"/>`)}`;
  });
  return svg(
    frame,
    title,
    html`${axes}<line x1="${x(threshold)}" y1="${px(frame.top)}" x2="${x(threshold)}" y2="${px(frame.height - frame.bottom)}" stroke="#c0392b" stroke-dasharray="4 3"/>${rows}`,
  );
}
