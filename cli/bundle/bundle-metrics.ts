import { isMeasured, type Measured } from "../evaluation/measured.ts";
import type { EvaluationReport } from "../evaluation/report.ts";
import type { CriterionRates } from "./criterion-rates.ts";
import type { CropperMetrics } from "./cropper-metrics.ts";
import type { ServedOutlines } from "./served-outlines.ts";

/** What a bundle was measured to be: its `metrics.json`, beside the recipe. */
export interface BundleMetrics {
  readonly evaluation: EvaluationReport;
  /** On pictures of every microscope, altered as in the training. */
  readonly cropper: CropperMetrics;
  /** On the embryos of the test, as served. */
  readonly outlines: ServedOutlines;
  readonly criterion: CriterionRates;
}

/** `metrics.json`: the recipe and every figure of the report, without the points that curves are drawn through. */
export function metricsJson(recipe: object, { evaluation, ...others }: BundleMetrics): string {
  const { schema: _, bundle, outcome, calibration, ...figures } = evaluation;
  const metrics = {
    // Figures of other weights would be believed.
    modelSha256: bundle.modelSha256,
    recipe,
    ...figures,
    outcome: withoutCurves(outcome),
    calibration: { icm: withoutCurves(calibration.icm), te: withoutCurves(calibration.te) },
    ...others,
  };
  return `${JSON.stringify(metrics, null, 2)}\n`;
}

function withoutCurves(figures: Measured<object>): object {
  if (!isMeasured(figures)) return figures;
  const withoutCurve = (figure: unknown) => {
    if (typeof figure !== "object" || figure === null || !("curve" in figure)) return figure;
    const { curve: _, ...rest } = figure;
    return rest;
  };
  return Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, withoutCurve(figure)]));
}
