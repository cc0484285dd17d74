import type { Prediction } from "../../core/contracts/prediction.ts";
import type { ServedPredictions } from "../bundle/served-predictions.ts";
import { calibrationFigures } from "./figures/calibration.ts";
import { clinicFigures, clinicsOf } from "./figures/clinics.ts";
import { humanComparison } from "./figures/human-comparison.ts";
import { leftOutClinics } from "./figures/left-out-clinics.ts";
import { constantAnswer, modelDifferences, modelFigures } from "./figures/model-figures.ts";
import { outcomeFigures } from "./figures/outcome.ts";
import type { Resampling } from "./figures/resampling.ts";
import { framesFigures } from "./figures/short-sequences.ts";
import type { Timing } from "./figures/timing.ts";
import { byStructure } from "./measured.ts";
import type { ComparisonNetwork } from "./networks.ts";
import type { EvaluatedDataSet } from "./prepared-data-set.ts";
import type { EvaluationReport } from "./report.ts";
import { servedGrades } from "./served-answers.ts";
import { type ModelAnswers, majorityOf } from "./subject.ts";

/** All that a report is computed from. */
export interface EvaluationInputs {
  readonly bundle: EvaluationReport["bundle"];
  readonly dataSet: EvaluatedDataSet;
  readonly refused: ServedPredictions["refused"];
  readonly served: ReadonlyMap<string, Prediction>;
  /** The served way first; those without a clinic are taken for leave-one-clinic-out alone. */
  readonly models: readonly ModelAnswers[];
  readonly networks: readonly Pick<ComparisonNetwork, "model" | "sha256" | "settings">[];
  /** Answers on the last so many frames alone, or null where they were not asked for. */
  readonly shortened: readonly (readonly [frames: number, predictions: ReadonlyMap<string, Prediction>])[] | null;
  readonly timing: Timing;
  readonly resampling: Resampling;
  readonly leaveOneClinicOut: boolean;
}

/** Computes every figure; what the answers do not give is `notMeasurable` with its reason, never NaN. */
export function evaluationReport(inputs: EvaluationInputs): EvaluationReport {
  const { dataSet, served, models, resampling } = inputs;
  const { embryos: subjects, manifest } = dataSet;
  const onAllClinics = models.filter(({ model }) => model.withoutClinic === null);
  const rnn = models[0]!;
  return {
    schema: "blastograde/evaluation@1",
    bundle: inputs.bundle,
    dataSet: {
      source: manifest.source,
      split: dataSet.split,
      cropperSha256: manifest.cropperSha256,
      embryos: subjects.length,
      cycles: new Set(subjects.map(({ cycleId }) => cycleId)).size,
      clinics: clinicsOf(subjects),
      answered: served.size,
      labelled: byStructure((structure) => subjects.filter((subject) => subject[structure] !== null).length),
      voted: byStructure((structure) => subjects.filter((subject) => majorityOf(subject, structure) !== null).length),
      outcomes: subjects.filter(({ outcome }) => outcome !== null).length,
      stillsOnly: !manifest.sequences,
    },
    notEvaluated: notEvaluated(inputs),
    resamples: resampling.resamples,
    models: modelFigures(subjects, onAllClinics, resampling),
    constantAnswer: constantAnswer(subjects, resampling),
    differences: modelDifferences(subjects, onAllClinics, resampling),
    byScores: humanComparison(subjects, rnn, resampling),
    byServedGrade: humanComparison(subjects, servedGrades(served), resampling),
    outcome: outcomeFigures(subjects, rnn, resampling),
    calibration: byStructure((structure) => calibrationFigures(subjects, served, structure, resampling)),
    clinics: clinicFigures(subjects, onAllClinics, served, resampling),
    leftOutClinics: inputs.leaveOneClinicOut ? leftOutClinics(subjects, models, resampling) : null,
    timing: inputs.timing,
    byFrames: byFrames(inputs),
    networks: inputs.networks.map(({ model, sha256, settings }) => ({ name: model.name, sha256, settings })),
  };
}

function byFrames({ dataSet, served, shortened, resampling }: EvaluationInputs): EvaluationReport["byFrames"] {
  if (shortened === null) return null;
  const longest = Math.max(0, ...[...served.values()].map(({ framesUsed }) => framesUsed));
  const lengths = [...shortened.filter(([frames]) => frames < longest), [longest, served] as const];
  return lengths.map(([frames, predictions]) => framesFigures(frames, dataSet.embryos, predictions, resampling));
}

/**
 * What the preparation or the server refused: an embryo that is left out counts once, by what ended it; a remark on an
 * embryo that was answered for counts by itself.
 */
function notEvaluated({ dataSet, served, refused }: EvaluationInputs): EvaluationReport["notEvaluated"] {
  const endings = new Map<string, { code: string; detail: string }>();
  const remarks: { code: string; detail: string }[] = [];
  for (const { embryoId, code, detail } of [...dataSet.problems, ...refused]) {
    if (!embryoId) remarks.push({ code, detail });
    else if (served.has(embryoId)) remarks.push({ code, detail: `${embryoId}: ${detail}` });
    else endings.set(embryoId, { code, detail: `${embryoId}: ${detail}` });
  }
  const counted = (problems: Iterable<{ code: string; detail: string }>, leftOut: boolean) =>
    [...Map.groupBy(problems, ({ code }) => code)]
      .map(([code, group]) => ({ code, leftOut, count: group.length, example: group[0]!.detail }))
      .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
  return [...counted(endings.values(), true), ...counted(remarks, false)];
}
