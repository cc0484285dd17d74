import { byStructure, isMeasured, type Measured } from "./measured.ts";
import type { EvaluationReport } from "./report.ts";

/** The figures that one line has room for; null where there is none to be had. */
export function mainFigures({ bundle, dataSet, models, byScores, outcome, calibration }: EvaluationReport) {
  const value = (figure: Measured<{ readonly value: number }>) => (isMeasured(figure) ? figure.value : null);
  const { name, modelSha256, demo } = bundle;
  const { accuracy, mse } = models[0]!;
  return {
    bundle: { name, modelSha256, demo },
    embryos: dataSet.embryos,
    answered: dataSet.answered,
    ...byStructure((structure) => {
      const [label, human] = [byScores.annotator[structure], byScores.agreement[structure]];
      const probabilities = calibration[structure];
      return {
        accuracy: value(accuracy[structure]),
        mse: value(mse[structure]),
        acDisagreement: isMeasured(label) ? label.acDisagreement.value : null,
        humanAgreement: isMeasured(human) ? human.human.value : null,
        networkAgreement: isMeasured(human) ? human.network.value : null,
        logLoss: isMeasured(probabilities) ? probabilities.probabilities.logLoss.value : null,
      };
    }),
    auc: isMeasured(outcome) ? outcome.network.auc.value : null,
  };
}
