import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { isMeasured, type Measured } from "../../evaluation/measured.ts";
import { decimal, percent, points, signedDecimal } from "../../evaluation/page/words.ts";
import { PAPER_CALIBRATION, PAPER_FOCUS, PAPER_PERFORMANCE } from "../kim-2024.ts";
import type { CalibratedTrust, CalibrationReport } from "./calibration.ts";
import type { FocusFigures } from "./focus.ts";
import type { PerformanceFigures } from "./performance.ts";

export type Verdict = "holds" | "does not hold" | "not decided";

/** A claim of the paper, what it printed, and what the same measurement says here; in words. */
export interface Claim {
  readonly claim: string;
  readonly paper: string;
  readonly verdict: Verdict;
  readonly here: string;
}

export const METHOD_NAMES = { isotonic: "isotonic regression", platt: "Platt scaling" } as const;

/**
 * Which claims of Kim et al. 2024 hold here. A difference holds where its 95 % interval lies on the claim's side of 0,
 * does not where it lies on the other, and is not decided where it holds 0.
 */
export function claimsHere(
  performance: PerformanceFigures,
  focus: FocusFigures,
  calibration: Measured<CalibrationReport>,
): Claim[] {
  return [
    ...performance.gains.map(({ name, auroc, paper }) => ({
      claim: `Enhanced images give ${name} a higher AUROC than plain ones.`,
      paper: paper === null ? "not tried" : signedDecimal(paper),
      verdict: verdictAbove(auroc),
      here: withInterval(auroc, signedDecimal),
    })),
    ...bestClaim(performance),
    ...focus.gains.map(({ name, onIcmOrTe, withinHalfCell }) => ({
      claim: `With enhanced images ${name} looks at ICM or TE more often.`,
      paper: name === "ResNet50" ? paperFocusGain() : "not tried",
      verdict: verdictAbove(onIcmOrTe),
      here: `${withInterval(onIcmOrTe, points)} points; within half a cell ${withInterval(withinHalfCell, points)}`,
    })),
    ...(isMeasured(calibration) ? calibrationClaims(calibration) : []),
  ];
}

/** Whether a difference is above 0. */
export function verdictAbove({ low, high }: Interval): Verdict {
  if (low === null || high === null) return "not decided";
  if (low > 0) return "holds";
  return high < 0 ? "does not hold" : "not decided";
}

const verdictBelow = ({ value, low, high }: Interval): Verdict =>
  verdictAbove({ value: -value, low: high === null ? null : -high, high: low === null ? null : -low });

/** It is best where it is above each of the others, and is not where one of them is above it. */
function bestClaim({ leads }: PerformanceFigures): Claim[] {
  if (leads.length === 0) return [];
  const verdicts = leads.map(({ auroc }) => verdictAbove(auroc));
  const printed = PAPER_PERFORMANCE.filter(({ input }) => input === "enhanced");
  const best = printed.reduce((one, other) => (other.auroc.mean > one.auroc.mean ? other : one));
  const verdict = verdicts.every((one) => one === "holds")
    ? "holds"
    : (verdicts.find((one) => one === "does not hold") ?? "not decided");
  return [
    {
      claim: `${leads[0]!.name} is the best network on enhanced images.`,
      paper: `AUROC ${decimal(best.auroc.mean)}`,
      verdict,
      here: leads.map(({ over, auroc }) => `${withInterval(auroc, signedDecimal)} over ${over}`).join("; "),
    },
  ];
}

function paperFocusGain(): string {
  const sum = (column: "cases" | "plainOnIcmOrTe" | "enhancedOnIcmOrTe") =>
    PAPER_FOCUS.reduce((total, row) => total + row[column], 0);
  const share = (column: "plainOnIcmOrTe" | "enhancedOnIcmOrTe") => percent(sum(column) / sum("cases"));
  return `${share("enhancedOnIcmOrTe")} against ${share("plainOnIcmOrTe")}`;
}

function calibrationClaims({ chosen, after, before }: CalibrationReport): Claim[] {
  // The paper's method, and the one that serving would take where that is another.
  const methods = new Set(["isotonic", chosen] as const);
  return [...methods].flatMap((method) => {
    const { brierChange, eceChange, brier, ece, slope }: CalibratedTrust = after[method];
    const by = METHOD_NAMES[method];
    const changed = (from: Interval, to: Interval, change: Interval) =>
      `${decimal(from.value)} to ${decimal(to.value)}; ${withInterval(change, signedDecimal)}`;
    const { before: printed, after: calibrated } = PAPER_CALIBRATION;
    return [
      {
        claim: `Calibration by ${by} lowers the Brier score.`,
        paper: method === "isotonic" ? `${decimal(printed.brier)} to ${decimal(calibrated.brier)}` : "not tried",
        verdict: verdictBelow(brierChange),
        here: changed(before.brier, brier, brierChange),
      },
      {
        claim: `Calibration by ${by} lowers the calibration error.`,
        paper: "not printed",
        verdict: verdictBelow(eceChange),
        here: changed(before.ece, ece, eceChange),
      },
      slopeClaim(by, slope),
    ];
  });
}

function slopeClaim(by: string, slope: CalibratedTrust["slope"]): Claim {
  const claim = `After ${by} the calibration slope's interval holds 1.`;
  const paper = "not printed";
  if (!isMeasured(slope))
    return { claim, paper, verdict: "not decided", here: `not measurable: ${slope.notMeasurable}` };
  return {
    claim,
    paper,
    verdict: holdsOne(slope.slope) ? "holds" : "does not hold",
    here: withInterval(slope.slope, decimal),
  };
}

/** Whether an interval holds 1, the slope of right probabilities. */
export const holdsOne = ({ low, high }: { readonly low: number; readonly high: number }): boolean =>
  low <= 1 && 1 <= high;

function withInterval({ value, low, high }: Interval, format: (value: number) => string): string {
  return low === null || high === null
    ? `${format(value)}, no interval`
    : `${format(value)} (${format(low)} to ${format(high)})`;
}
