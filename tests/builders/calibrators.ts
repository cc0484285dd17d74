import type { PregnancyCalibrator } from "../../core/contracts/pregnancy-calibrator.ts";
import { digestOf } from "../contract/builders.ts";

/** Makes a third of a raw score of 0 and two thirds of 1, within a tenth either side; isotonic, flat from 0.4 to 0.6. */
export function aCalibrator(fields: Partial<PregnancyCalibrator> = {}): PregnancyCalibrator {
  const knots = [
    { score: 0, probability: 1 / 3 },
    { score: 0.4, probability: 0.5 },
    { score: 0.6, probability: 0.5 },
    { score: 1, probability: 2 / 3 },
  ];
  return {
    schema: "blastograde/pregnancy-calibrator@1",
    modelSha256: digestOf("model"),
    demo: false,
    fittedOn: "2026-02-01",
    outcome: "clinical pregnancy (gestational sac)",
    sample: { cases: 1200, positives: 400, cycles: 900, description: "Transfers of a test." },
    interval: {
      level: 0.95,
      points: knots.map(({ score, probability }) => ({ score, low: probability - 0.1, high: probability + 0.1 })),
    },
    method: "isotonic",
    map: { knots },
    ...fields,
  } as PregnancyCalibrator;
}
