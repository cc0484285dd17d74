import type { EvaluationReport } from "../evaluation/report.ts";
import type { PregnancyReport } from "../pregnancy/report.ts";
import type { CriterionRates } from "./criterion-rates.ts";
import type { CropperMetrics } from "./cropper-metrics.ts";
import type { ServedBranches } from "./served-branches.ts";
import type { ServedOutlines } from "./served-outlines.ts";

/** What a bundle was measured to be: its `metrics.json`, beside the recipe. */
export interface BundleMetrics {
  readonly evaluation: EvaluationReport;
  /** On pictures of every microscope, altered as in the training. */
  readonly cropper: CropperMetrics;
  /** On the embryos of the test, as served. */
  readonly outlines: ServedOutlines;
  readonly criterion: CriterionRates;
  /** Of the test, as served: single stills, and the pregnancy score of time-lapses. */
  readonly branches: ServedBranches;
  /** Of all pregnancy networks on held-out transfers. */
  readonly pregnancy: PregnancyReport;
}

/** `metrics.json`: the recipe and every figure of the report, without the points that curves are drawn through. */
export function metricsJson(recipe: object, { evaluation, ...others }: BundleMetrics): string {
  const { schema: _, bundle, ...figures } = evaluation;
  // Figures of other weights would be believed.
  const metrics = { modelSha256: bundle.modelSha256, recipe, ...figures, ...others };
  const withoutCurves = (name: string, value: unknown) => (name === "curve" ? undefined : value);
  return `${JSON.stringify(metrics, withoutCurves, 2)}\n`;
}
