import { DEMO_NOTICE } from "../../core/contracts/bundle.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { LoadedBundle } from "../../model-container/bundle/load-bundle.ts";
import { FOLDS } from "../dataset/enhanced-images.ts";
import { clinicsOf } from "../evaluation/figures/clinics.ts";
import type { Resampling } from "../evaluation/figures/resampling.ts";
import { type Measured, notMeasurable } from "../evaluation/measured.ts";
import type { EvaluatedDataSet } from "../evaluation/prepared-data-set.ts";
import { type AgeRow, ageRows, type PaperAgeRow, paperAgeRows } from "./figures/ages.ts";
import { type CalibrationReport, calibrationReport } from "./figures/calibration.ts";
import { type Claim, claimsHere } from "./figures/claims.ts";
import { type FocusFigures, focusFigures } from "./figures/focus.ts";
import { networkKinds } from "./figures/network-kinds.ts";
import { BEST_NETWORK, type PerformanceFigures, performanceFigures } from "./figures/performance.ts";
import { type SegmentationFigures, segmentationFigures } from "./figures/segmentation.ts";
import type { PregnancyModel } from "./networks.ts";
import type { ScoredNetwork, SegmentedEmbryo } from "./scoring.ts";
import { heldOutOf, type Transfer, type Transfers } from "./transfers.ts";

/** Everything that a report found: `report.json`, and what `report.html` is drawn from. */
export interface PregnancyReport {
  readonly schema: "blastograde/pregnancy-report@1";
  /** "not for clinical use" and why; null where neither the data nor the bundle is a demo. */
  readonly notice: string | null;
  readonly bundle: { readonly name: string; readonly modelSha256: string };
  readonly segmenterSha256: string;
  readonly dataSet: {
    /** The reader that knew the folder, such as phantoms. */
    readonly source: string;
    readonly cropperSha256: string;
    readonly embryos: number;
    readonly clinics: readonly string[];
    readonly leftOut: Transfers["leftOut"];
    /** The held-out embryos last, whose fold is null. */
    readonly folds: readonly {
      readonly fold: number | null;
      readonly embryos: number;
      readonly positives: number;
      readonly cycles: number;
    }[];
  };
  readonly resamples: number;
  readonly seed: number;
  readonly networks: readonly PregnancyModel[];
  readonly claims: readonly Claim[];
  readonly ages: readonly AgeRow[];
  readonly paperAges: readonly PaperAgeRow[];
  readonly performance: PerformanceFigures;
  readonly focus: FocusFigures;
  readonly calibration: Measured<CalibrationReport>;
  readonly segmentation: Measured<SegmentationFigures>;
}

/** All that a report is computed from. */
export interface ReportInputs extends Transfers {
  readonly bundle: LoadedBundle;
  readonly dataSet: EvaluatedDataSet;
  /** Bytes of `segmenter.onnx`. */
  readonly segmenter: Uint8Array;
  readonly scored: readonly ScoredNetwork[];
  readonly segmented: readonly SegmentedEmbryo[] | null;
  readonly resampling: Required<Resampling>;
}

/** Computes every figure; what the data do not give is `notMeasurable` with its reason, never NaN. */
export async function pregnancyReport(inputs: ReportInputs): Promise<PregnancyReport> {
  const { bundle, dataSet, transfers, leftOut, scored, segmented, resampling } = inputs;
  const heldOut = heldOutOf(transfers);
  const kinds = networkKinds(scored);
  const performance = performanceFigures(heldOut, kinds, resampling);
  const focus = focusFigures(heldOut, kinds, resampling);
  const calibration = calibrationReport(transfers, calibratedNetwork(scored), resampling);
  const { manifest, embryos } = dataSet;
  return {
    schema: "blastograde/pregnancy-report@1",
    notice: bundle.manifest.demo || manifest.source === "phantoms" ? DEMO_NOTICE : null,
    bundle: { name: bundle.manifest.name, modelSha256: bundle.manifest.modelSha256 },
    segmenterSha256: await sha256Hex(inputs.segmenter),
    dataSet: {
      source: manifest.source,
      cropperSha256: manifest.cropperSha256,
      embryos: embryos.length,
      clinics: clinicsOf(embryos),
      leftOut,
      folds: [...Array(FOLDS).keys(), null].map((fold) => foldCounts(transfers, fold)),
    },
    resamples: resampling.resamples,
    seed: resampling.seed,
    networks: scored.map(({ model }) => model),
    claims: claimsHere(performance, focus, calibration),
    ages: ageRows(transfers),
    paperAges: paperAgeRows(),
    performance,
    focus,
    calibration,
    segmentation:
      segmented === null
        ? notMeasurable("the data set has no segmentation.npz, which says what is truly ICM and TE")
        : segmentationFigures(segmented, resampling),
  };
}

/** The served one; else the paper's best on enhanced images; else the first. */
function calibratedNetwork(scored: readonly ScoredNetwork[]): ScoredNetwork {
  return (
    scored.find(({ model }) => model.served) ??
    scored.find(({ model }) => model.network === BEST_NETWORK && model.input === "enhanced" && model.fold === 0) ??
    scored[0]!
  );
}

function foldCounts(transfers: readonly Transfer[], fold: number | null) {
  const own = transfers.filter((one) => one.fold === fold);
  return {
    fold,
    embryos: own.length,
    positives: own.filter(({ positive }) => positive).length,
    cycles: new Set(own.map(({ cycleId }) => cycleId)).size,
  };
}
