import type { GradeScores } from "../../adapters/onnx/grader.ts";
import type { BundleManifest, CalibrationMatrix } from "../../core/contracts/bundle.ts";
import type { Clip } from "../../core/contracts/clip.ts";
import type { GradeDistribution } from "../../core/contracts/grades.ts";
import type { Warning } from "../../core/contracts/identifiers.ts";
import { Prediction, type PregnancyPrediction, type StructurePrediction } from "../../core/contracts/prediction.ts";
import { ClipOfOtherCropper, PredictionInvalid, StillsNotOffered } from "../../core/errors.ts";
import { applyGradeCalibrator } from "../../core/grading/grade-calibrator.ts";

/** What the networks of a bundle say of a clip. */
export interface ClipAnswer {
  /** The RNN's of a time-lapse, the CNN's own of a still. */
  readonly scores: GradeScores;
  readonly pregnancy: PregnancyPrediction | null;
  readonly warnings: readonly Warning[];
}

/**
 * What calibrates the scores of a clip of this kind.
 *
 * @throws StillsNotOffered for a still where the bundle has nothing to calibrate its scores by
 */
export function calibratorFor({ kind }: Clip["meta"], manifest: BundleManifest) {
  if (kind === "time-lapse") return manifest.gradeCalibrator;
  if (manifest.stillCalibrator !== undefined) return manifest.stillCalibrator;
  throw new StillsNotOffered(
    `The model ${manifest.name} grades time-lapse archives only. Upload the embryo's time-lapse archive instead.`,
  );
}

/**
 * The networks were trained on what the bundle's own cropper cuts, and say something else of anything else.
 *
 * @throws ClipOfOtherCropper where the model was changed between crop and grade
 */
export function refuseOtherCropper({ cropperSha256 }: Clip["meta"], { name, networks }: BundleManifest): void {
  const { sha256 } = networks.cropper;
  if (cropperSha256 === sha256) return;
  throw new ClipOfOtherCropper(
    `The cropper ${cropperSha256} cut this clip, and the model ${name} has the cropper ${sha256}: the model was changed in ` +
      "between. The clip has to be cropped again; if that does not happen by itself, upload the archive again.",
  );
}

/**
 * The prediction of a clip: the scores, calibrated for its kind, and what is said of the pregnancy.
 *
 * @throws PredictionInvalid for NaN, or a sum off 1: such an answer is never sent
 */
export function predictionOf(
  manifest: BundleManifest,
  clipSha256: string,
  { hpi, meta }: Clip,
  { scores, pregnancy, warnings }: ClipAnswer,
): Prediction {
  const calibrator = calibratorFor(meta, manifest);
  const prediction = Prediction.safeParse({
    schema: "blastograde/prediction@1",
    classOrder: manifest.classOrder,
    model: manifest.name,
    modelSha256: manifest.modelSha256,
    demo: manifest.demo,
    clipSha256,
    framesUsed: hpi.length,
    icm: calibrated(calibrator.icm, scores.icm),
    te: calibrated(calibrator.te, scores.te),
    pregnancy,
    warnings: [...warnings],
  } satisfies Prediction);
  if (prediction.success) return prediction.data;
  throw new PredictionInvalid("The networks' answer is no prediction.", { cause: prediction.error });
}

function calibrated(matrix: CalibrationMatrix, scores: GradeDistribution): StructurePrediction {
  return { scores, probabilities: applyGradeCalibrator(matrix, scores) };
}
