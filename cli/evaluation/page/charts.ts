import { html, type Markup, NOTHING } from "./html.ts";

/** Colours that stay apart in print and for colour-blind eyes. */
export const COLOURS = {
  icm: "#1b5e8c",
  te: "#b4541a",
  before: "#8a8f98",
  after: "#1b5e8c",
  human: "#b4541a",
} as const;

/** A drawing's size and its margins around the plot, in pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Axis {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

/** One decimal of a pixel is as fine as a printer draws. */
export const px = (value: number): string => String(Math.round(value * 10) / 10);

/** "40 %", for an axis. */
export const share = (value: number): string => `${Math.round(100 * value)} %`;
export const SHARE_TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** A line through points, each 0 to 1 on both axes. */
export interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly CurvePoint[];
  readonly dashed?: boolean;
}

interface CurvePoint {
  readonly x: number;
  readonly y: number;
  /** Area of the dot, 0 to 1. @default 0.1 */
  readonly weight?: number;
  /** Ends of the bar through it; null or missing for none. */
  readonly low?: number | null;
  readonly high?: number | null;
}

/** Curves in the unit square over its diagonal: ROC and reliability. Points are drawn as large as their weight says. */
export function unitSquare(title: string, xTitle: string, yTitle: string, curves: readonly Curve[]): Markup {
  const frame: Frame = { width: 340, height: 326, left: 56, top: 30, right: 22, bottom: 48 };
  const axis = { from: 0, to: 1, ticks: SHARE_TICKS, format: share };
  const { x, y, axes } = plane(frame, { ...axis, title: xTitle }, { ...axis, title: yTitle });
  return svg(
    frame,
    title,
    html`${axes}<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" class="diagonal"/>
${curves.map(
  ({
    colour,
    points,
    dashed,
  }) => html`<polyline points="${points.map((p) => `${x(p.x)},${y(p.y)}`).join(" ")}" fill="none" stroke="${colour}" stroke-width="2"${dashed === true ? html` stroke-dasharray="5 4"` : NOTHING}/>
${points.map((p) => html`${bar(p, colour, x, y)}<circle cx="${x(p.x)}" cy="${y(p.y)}" r="${px(2 + 5 * Math.sqrt(p.weight ?? 0.1))}" fill="${colour}" fill-opacity="0.75"/>`)}`,
)}${legend(frame, curves)}`,
  );
}

function bar(point: CurvePoint, colour: string, x: (value: number) => string, y: (value: number) => string): Markup {
  const { low = null, high = null } = point;
  if (low === null || high === null) return NOTHING;
  return html`<line x1="${x(point.x)}" y1="${y(low)}" x2="${x(point.x)}" y2="${y(high)}" stroke="${colour}" stroke-opacity="0.6"/>`;
}

/** One row of a {@link forest}. */
export interface ForestRow {
  readonly name: string;
  /** Null where it could not be measured. */
  readonly figure: { readonly value: number; readonly low: number | null; readonly high: number | null } | null;
  /** The paper's own figure. */
  readonly paper: number | null;
}

export interface ForestPanel {
  readonly title: string;
  readonly colour: string;
  readonly rows: readonly ForestRow[];
}

/** Figures with their intervals under each other, one panel a structure; the paper's own as a hollow diamond. */
export function forest(title: string, panels: readonly ForestPanel[], format: (value: number) => string): Markup {
  const names = panels[0]!.rows.map(({ name }) => name);
  const step = 24;
  const left = 12 + 6.1 * Math.max(...names.map((name) => name.length));
  const panelWidth = (940 - left - 16 * panels.length) / panels.length;
  const height = 64 + step * names.length + 28;
  const whole: Frame = { width: 940, height, left, top: 30, right: 12, bottom: 48 };
  const [from, to] = spanOf(panels);
  const drawn = panels.map((panel, n) => {
    const start = left + n * (panelWidth + 16);
    const frame: Frame = { ...whole, left: start, right: whole.width - start - panelWidth, top: 34 };
    const axis: Axis = { title: panel.title, from, to, ticks: niceTicks(from, to), format };
    const { x, axes } = plane(frame, axis, null);
    return html`${axes}${panel.rows.map((row, r) => forestRow(row, panel.colour, x, frame.top + step * (r + 0.7)))}`;
  });
  const labels = names.map(
    (name, r) => html`<text x="${px(left - 10)}" y="${px(34 + step * (r + 0.7) + 4)}" text-anchor="end">${name}</text>`,
  );
  return svg(whole, title, html`${labels}${drawn}`);
}

function forestRow(row: ForestRow, colour: string, x: (value: number) => string, y: number): Markup {
  const { figure, paper } = row;
  const at = px(y);
  const [half, third] = [px(y - 4.5), px(y + 4.5)];
  const diamond =
    paper === null
      ? NOTHING
      : html`<path d="M${x(paper)} ${half} l4.5 4.5 l-4.5 4.5 l-4.5 -4.5 z" fill="#fff" stroke="#555" stroke-width="1.2"/>`;
  if (figure === null) return diamond;
  const { value, low, high } = figure;
  const whisker =
    low === null || high === null
      ? NOTHING
      : html`<line x1="${x(low)}" y1="${at}" x2="${x(high)}" y2="${at}" stroke="${colour}" stroke-width="2"/><path d="M${x(low)} ${half} V${third} M${x(high)} ${half} V${third}" stroke="${colour}" stroke-width="1.5"/>`;
  return html`${whisker}<circle cx="${x(value)}" cy="${at}" r="4" fill="${colour}"/>${diamond}`;
}

function spanOf(panels: readonly ForestPanel[]): [from: number, to: number] {
  const values = panels.flatMap(({ rows }) =>
    rows.flatMap(({ figure, paper }) => [
      ...(figure === null ? [] : [figure.value, figure.low ?? figure.value, figure.high ?? figure.value]),
      ...(paper === null ? [] : [paper]),
    ]),
  );
  if (values.length === 0) return [0, 1];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max(0.02, (most - least) * 0.06);
  return [least - margin, most + margin];
}

/** A line chart of shares over whole numbers: accuracy by frames. */
export function lines(
  title: string,
  xTitle: string,
  yTitle: string,
  xs: readonly number[],
  curves: readonly Curve[],
): Markup {
  const frame: Frame = { width: 560, height: 300, left: 56, top: 30, right: 16, bottom: 48 };
  const xAxis: Axis = { title: xTitle, from: 0, to: Math.max(...xs) + 1, ticks: xs, format: String };
  const { x, y, axes } = plane(frame, xAxis, { title: yTitle, from: 0, to: 1, ticks: SHARE_TICKS, format: share });
  return svg(
    frame,
    title,
    html`${axes}${curves.map(
      ({
        colour,
        points,
      }) => html`<polyline points="${points.map((p) => `${x(p.x)},${y(p.y)}`).join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>
${points.map((p) => html`<circle cx="${x(p.x)}" cy="${y(p.y)}" r="3.5" fill="${colour}"/>`)}`,
    )}${legend(frame, curves)}`,
  );
}

/** Axes, grid and the two scales of a plot. Without a y axis only x is ruled. */
export function plane(frame: Frame, xAxis: Axis, yAxis: Axis | null) {
  const { width, height, left, top, right, bottom } = frame;
  const [x1, y1] = [width - right, height - bottom];
  const scale = (axis: Axis, start: number, end: number) => (value: number) =>
    px(start + ((value - axis.from) / (axis.to - axis.from)) * (end - start));
  const x = scale(xAxis, left, x1);
  const y = yAxis === null ? () => px(y1) : scale(yAxis, y1, top);
  const axes = html`<rect x="${px(left)}" y="${px(top)}" width="${px(x1 - left)}" height="${px(y1 - top)}" class="plane"/>
${xAxis.ticks.map((tick) => html`<line x1="${x(tick)}" y1="${px(top)}" x2="${x(tick)}" y2="${px(y1)}" class="grid"/><text x="${x(tick)}" y="${px(y1 + 16)}" text-anchor="middle" class="tick">${xAxis.format(tick)}</text>`)}
${(yAxis?.ticks ?? []).map((tick) => html`<line x1="${px(left)}" y1="${y(tick)}" x2="${px(x1)}" y2="${y(tick)}" class="grid"/><text x="${px(left - 7)}" y="${px(Number(y(tick)) + 4)}" text-anchor="end" class="tick">${yAxis!.format(tick)}</text>`)}
<text x="${px((left + x1) / 2)}" y="${px(height - 12)}" text-anchor="middle">${xAxis.title}</text>
${yAxis === null ? NOTHING : html`<text transform="translate(14 ${px((top + y1) / 2)}) rotate(-90)" text-anchor="middle">${yAxis.title}</text>`}
`;
  return { x, y, axes };
}

/** Names and colours, in the plot's lower right corner. */
export function legend(frame: Frame, curves: readonly Pick<Curve, "name" | "colour">[]): Markup {
  const x = frame.width - frame.right - 10;
  const last = frame.height - frame.bottom - 12;
  const rows = curves.map(({ name, colour }, n) => {
    const y = last - 17 * (curves.length - 1 - n);
    return html`<text x="${px(x - 16)}" y="${px(y + 4)}" text-anchor="end">${name}</text><rect x="${px(x - 10)}" y="${px(y - 5)}" width="10" height="10" fill="${colour}"/>`;
  });
  return html`${rows}`;
}

/** A drawing with its title, which is read out where it cannot be seen. */
export function svg(frame: Frame, title: string, content: Markup): Markup {
  const { width, height } = frame;
  return html`<svg viewBox="0 0 ${px(width)} ${px(height)}" width="${px(width)}" height="${px(height)}" role="img" aria-label="${title}">
<text x="${px(frame.left > 200 ? 0 : frame.left)}" y="18" class="title">${title}</text>
${content}</svg>
`;
}

/** At most eight round numbers within a span. */
export function niceTicks(from: number, to: number): number[] {
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1].find((candidate) => (to - from) / candidate <= 7) ?? 2;
  const ticks: number[] = [];
  for (let n = Math.ceil(from / step); n * step <= to; n++) ticks.push(Math.round(n * step * 1000) / 1000);
  return ticks;
}
