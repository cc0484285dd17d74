import type { PreparedEmbryo } from "../../cli/bundle/dataset-reader.ts";
import { type EvaluationInputs, evaluationReport } from "../../cli/evaluation/evaluation-report.ts";
import type { EvaluationReport } from "../../cli/evaluation/report.ts";
import { servedAnswers } from "../../cli/evaluation/served-answers.ts";
import type { Grade, GradeDistribution } from "../../core/contracts/grades.ts";
import type { Prediction } from "../../core/contracts/prediction.ts";

const SHA256 = "a".repeat(64);

/** One embryo of an evaluated data set; nothing is known of it but what is given. */
export function evaluatedEmbryo(embryoId: string, known: Partial<PreparedEmbryo> = {}): PreparedEmbryo {
  return {
    embryoId,
    cycleId: `cycle of ${embryoId}`,
    clinic: null,
    row: 0,
    split: "test",
    icm: null,
    te: null,
    icmVotes: [],
    teVotes: [],
    outcome: null,
    moments: new Set(["tA"]),
    ...known,
  };
}

/** 70 % for one grade, the rest for the others alike. */
function mostly(grade: Grade): GradeDistribution {
  return { A: 0.15, B: 0.15, C: 0.15, [grade]: 0.7 };
}

/** A model server's answer; what is calibrated is what is scored unless it is given. */
export function servedAnswer(
  icm: Grade,
  te: Grade,
  calibrated: { readonly icm: Grade; readonly te: Grade } = { icm, te },
): Prediction {
  return {
    schema: "blastograde/prediction@1",
    classOrder: ["A", "B", "C"],
    model: "demo",
    modelSha256: SHA256,
    demo: true,
    clipSha256: SHA256,
    framesUsed: 30,
    icm: { scores: mostly(icm), probabilities: mostly(calibrated.icm) },
    te: { scores: mostly(te), probabilities: mostly(calibrated.te) },
  };
}

/** The report on a few embryos and what was answered for them. */
export function reportOn(
  embryos: readonly PreparedEmbryo[],
  served: ReadonlyMap<string, Prediction>,
  more: Partial<EvaluationInputs> = {},
): EvaluationReport {
  return evaluationReport({
    bundle: { name: "demo", modelSha256: SHA256, demo: true, notice: "not for clinical use", recipe: { seed: 1 } },
    dataSet: {
      dir: "set",
      manifest: {
        schema: "blastograde/prepared@1",
        source: "phantoms",
        cropperSha256: SHA256,
        moments: { tA: 1 },
        sequences: true,
      },
      split: "test",
      embryos,
      problems: [],
    },
    refused: [],
    served,
    models: [servedAnswers(served)],
    networks: [],
    shortened: null,
    timing: { platform: "CPU", repeats: 5, cnnSeconds: 0.5, rnnSeconds: 0.01, totalSeconds: 0.51 },
    resampling: { resamples: 20 },
    leaveOneClinicOut: false,
    ...more,
  });
}
