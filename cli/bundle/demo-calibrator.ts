import type { PregnancyCalibrator } from "../../core/contracts/pregnancy-calibrator.ts";
import { fitPregnancyCalibrator } from "../../core/pregnancy/pregnancy-calibrator.ts";
import type { MeasuredNetworks } from "../pregnancy/measured-networks.ts";

/** Of the interval's resamples. */
const SEED = 1;

/**
 * The calibrator of a bundle's pregnancy network: fitted to the fold that it was not trained on, and to no embryo that it is
 * measured on.
 *
 * @param fittedOn such as 2026-03-31
 * @throws Error where the bundle's network is not among those that were measured; RangeError for too few cases
 */
export function demoCalibrator(
  modelSha256: string,
  { transfers, scored }: Pick<MeasuredNetworks, "transfers" | "scored">,
  fittedOn: string,
): PregnancyCalibrator {
  const served = scored.find(({ model }) => model.served);
  if (served === undefined) throw new Error("The bundle's pregnancy network is not among those that were measured.");
  const { model, answers } = served;
  const cases = transfers
    .filter(({ fold }) => fold === model.fold)
    .map(({ embryoId, cycleId, positive }) => ({ cycleId, score: answers.get(embryoId)!.rawScore, positive }));
  const description = `phantom embryos of the validation fold ${model.fold}, each transferred by itself`;
  return fitPregnancyCalibrator(cases, { modelSha256, demo: true, fittedOn, description, seed: SEED });
}
