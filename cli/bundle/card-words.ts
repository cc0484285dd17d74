import type { Interval } from "../../core/statistics/bootstrap.ts";
import { isMeasured, type Measured } from "../evaluation/measured.ts";

/** "65.2 %". */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** "0.415". */
export const decimal = (value: number): string => value.toFixed(3);

/** A line of a Markdown table. */
export const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** "**65.2 %** (60.1 % to 70.0 %)", or a dash for what cannot be measured. */
export function ours(measured: Measured<Interval>, format: (value: number) => string): string {
  if (!isMeasured(measured)) return "–";
  const { value, low, high } = measured;
  const interval = low === null || high === null ? "" : ` (${format(low)} to ${format(high)})`;
  return `**${format(value)}**${interval}`;
}

/** The same for one share of some figures. */
export function ourShare<Figures extends object>(
  measured: Measured<Figures>,
  of: (figures: Figures) => Interval,
): string {
  return isMeasured(measured) ? ours(of(measured), percent) : "–";
}
