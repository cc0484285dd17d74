import type { GradeScores } from "../../adapters/onnx/grader.ts";
import type { BundleManifest, CalibrationMatrix } from "../../core/contracts/bundle.ts";
import type { Clip } from "../../core/contracts/clip.ts";
import type { GradeDistribution } from "../../core/contracts/grades.ts";
import type { Warning } from "../../core/contracts/identifiers.ts";
import { Prediction, type PregnancyPrediction, type StructurePrediction } from "../../core/contracts/prediction.ts";
import { PredictionInvalid, StillsNotOffered } from "../../core/errors.ts";
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
