import type { Prediction } from "../../core/contracts/prediction.ts";
import type { EvaluatedModel, ModelAnswers } from "./subject.ts";

/** The served way: CNN and RNN of the bundle, through the model server. */
const SERVED: EvaluatedModel = {
  name: "RNN (served)",
  kind: { kind: "rnn", moment: null, task: "both", loss: "ordinal" },
  tables: ["3", "4"],
  withoutClinic: null,
  served: true,
};

/** The model server's scores as those of a model beside others. */
export function servedAnswers(served: ReadonlyMap<string, Prediction>): ModelAnswers {
  const scores = [...served].map(([embryoId, { icm, te }]) => [embryoId, { icm: icm.scores, te: te.scores }] as const);
  return { model: SERVED, scores: new Map(scores) };
}

/** The same with the calibrated probabilities in the scores' place: by them the service says its grade. */
export function servedGrades(served: ReadonlyMap<string, Prediction>): ModelAnswers {
  const given = [...served].map(
    ([embryoId, { icm, te }]) => [embryoId, { icm: icm.probabilities, te: te.probabilities }] as const,
  );
  return { model: SERVED, scores: new Map(given) };
}
