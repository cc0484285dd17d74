import type { GradingRecord, PregnancyAnswer } from "../contracts/grading.ts";
import type { Warning } from "../contracts/identifiers.ts";
import type { PregnancyCalibrator } from "../contracts/pregnancy-calibrator.ts";
import { calibratedProbability } from "../pregnancy/pregnancy-calibrator.ts";

/** A clinic's calibrator, and the digest of its file. */
export interface ServedCalibrator {
  readonly calibrator: PregnancyCalibrator;
  readonly sha256: string;
}

/** What an answer says of the pregnancy. */
export interface PregnancyPart {
  readonly pregnancy: PregnancyAnswer | null;
  /** Beside those of the record. */
  readonly warnings: readonly Warning[];
  /** The calibrator that had a part in it. */
  readonly applied: ServedCalibrator | null;
}

const NOT_CALIBRATED: Warning = {
  code: "PREGNANCY_NOT_CALIBRATED",
  detail:
    "There is no calibrator for the model that gave the raw score, so it is shown without a probability. Fit one to the " +
    "clinic's outcomes, or upload the embryo again if another model serves by now.",
};

/**
 * The probability of pregnancy of a record's raw score, by the clinic's calibrator of the day. A calibrator that was fitted to
 * another model's scores says nothing of this one's.
 *
 * @param record null before there is one
 */
export function pregnancyPart(record: GradingRecord | null, served: ServedCalibrator | null): PregnancyPart {
  const score = record?.pregnancy ?? null;
  if (score === null) return { pregnancy: null, warnings: [], applied: null };
  if (served === null || served.calibrator.modelSha256 !== record?.modelSha256) {
    const pregnancy = { ...score, probability: null, interval: null, calibratedOn: null };
    return { pregnancy, warnings: [NOT_CALIBRATED], applied: null };
  }
  const { fittedOn, interval } = served.calibrator;
  const { probability, low, high } = calibratedProbability(served.calibrator, score.rawScore);
  return {
    pregnancy: { ...score, probability, interval: { low, high, level: interval.level }, calibratedOn: fittedOn },
    warnings: [],
    applied: served,
  };
}
