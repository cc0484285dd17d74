import { isMeasured, type Measured } from "../evaluation/measured.ts";
import type { PregnancyReport } from "./report.ts";

/** The figures that one line has room for; null where there is none to be had. */
export function mainFigures({ performance, focus, calibration, segmentation, claims }: PregnancyReport) {
  const { heldOut, rows, gains, ageAlone, bestAttainable } = performance;
  return {
    heldOut,
    auroc: rows.map(({ name, input, auroc }) => ({ network: name, input, ...auroc })),
    enhancedMinusPlain: gains.map(({ name, auroc }) => ({ network: name, ...auroc })),
    ageAlone: ageAlone.value,
    bestAttainable: measuredValue(bestAttainable),
    onIcmOrTe: focus.shares.map(({ name, input, onIcmOrTe }) => ({ network: name, input, share: onIcmOrTe.value })),
    calibration: isMeasured(calibration) ? calibrationLine(calibration) : null,
    dice: isMeasured(segmentation)
      ? { icm: diceOf(segmentation.icm), te: diceOf(segmentation.te) }
      : { icm: null, te: null },
    claims: Object.fromEntries(
      [...Map.groupBy(claims, ({ verdict }) => verdict)].map(([verdict, group]) => [verdict, group.length]),
    ),
  };
}

function calibrationLine({ chosen, before, after }: Extract<PregnancyReport["calibration"], { chosen: unknown }>) {
  const { brier, ece, slope } = after[chosen];
  return {
    method: chosen,
    brier: { before: before.brier.value, after: brier.value },
    ece: { before: before.ece.value, after: ece.value },
    slope: isMeasured(slope) ? slope.slope : null,
  };
}

const measuredValue = (figure: Measured<{ readonly value: number }>) => (isMeasured(figure) ? figure.value : null);

const diceOf = (figures: Measured<{ readonly dice: { readonly value: number } }>) =>
  isMeasured(figures) ? figures.dice.value : null;
