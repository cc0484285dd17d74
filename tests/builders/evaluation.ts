import type { PreparedEmbryo } from "../../cli/bundle/dataset-reader.ts";
import { type EvaluationInputs, evaluationReport } from "../../cli/evaluation/evaluation-report.ts";
import type { EvaluationReport } from "../../cli/evaluation/report.ts";
import { servedAnswers } from "../../cli/evaluation/served-answers.ts";
import type { EvaluatedModel, ModelAnswers } from "../../cli/evaluation/subject.ts";
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

/** A network that gives these embryos these grades; it is a CNN at tA, of both grades and the ordinal loss, unless told. */
export function modelAnswering(
  name: string,
  grades: Readonly<Record<string, { readonly icm?: Grade; readonly te?: Grade }>>,
  model: Partial<Omit<EvaluatedModel, "kind">> & { readonly kind?: Partial<EvaluatedModel["kind"]> } = {},
): ModelAnswers {
  const { kind, ...more } = model;
  const scores = Object.entries(grades).map(
    ([embryoId, { icm, te }]) =>
      [embryoId, { icm: icm === undefined ? null : mostly(icm), te: te === undefined ? null : mostly(te) }] as const,
  );
  return {
    model: {
      name,
      kind: { kind: "cnn", moment: "tA", task: "both", loss: "ordinal", ...kind },
      tables: ["3", "4", "7"],
      withoutClinic: null,
      served: false,
      ...more,
    },
    scores: new Map(scores),
  };
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
    pregnancy: null,
    warnings: [],
  };
}

const seconds = (median: number) => ({ median, fastest: median, slowest: 2 * median });

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
    timing: { platform: "CPU", repeats: 5, cnn: seconds(0.5), rnn: seconds(0.01), total: seconds(0.51) },
    resampling: { resamples: 20 },
    leaveOneClinicOut: false,
    ...more,
  });
}
