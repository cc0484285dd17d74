import { DEMO_NOTICE } from "../contracts/bundle.ts";
import type { Grading, GradingAnswer, GradingRecord } from "../contracts/grading.ts";
import type { RankedAnswer } from "../contracts/http.ts";
import { expectedPosition } from "../grading/grade-decoding.ts";
import { pregnancyPart, type ServedCalibrator } from "./pregnancy-answer.ts";

/** What answers take from the service beside a grading and its record. */
export interface Serving {
  /** Whether the serving bundle's weights are trained on phantoms: a grading without a record is looked at by it. */
  readonly demo: boolean;
  /** The clinic's; null where there is none. */
  readonly calibrator: ServedCalibrator | null;
}

/** What a caller sees of a grading and, once it is graded, of its record. */
export function answerOf(grading: Grading, record: GradingRecord | null, serving: Serving): GradingAnswer {
  const { pregnancy, warnings, applied } = pregnancyPart(record, serving.calibrator);
  const isDemo = (record ?? serving).demo || applied?.calibrator.demo === true;
  return {
    gradingId: grading.gradingId,
    embryoId: grading.embryoId ?? grading.announced?.embryoId ?? null,
    clinicId: grading.clinicId,
    cycleId: grading.embryoId === null ? (grading.announced?.cycleId ?? null) : grading.cycleId,
    status: grading.status,
    icm: record?.icm ?? null,
    te: record?.te ?? null,
    qualityGroup: record?.qualityGroup ?? null,
    pregnancy,
    sequence: record?.sequence ?? grading.sequence,
    warnings: [...(record ?? grading).warnings, ...warnings],
    rejection: grading.rejection,
    provenance: record && {
      archiveDigest: record.archiveDigest,
      clipSha256: record.clipSha256,
      model: record.model,
      modelSha256: record.modelSha256,
      calibratorSha256: applied?.sha256 ?? null,
      gradedAt: record.gradedAt,
    },
    notice: isDemo ? DEMO_NOTICE : null,
  };
}

/**
 * Ranks the embryos of one cycle against each other: by the probability of pregnancy, where that is equal (an isotonic
 * calibrator's plateaus are) by the raw score, then by the expected position of ICM and TE together (0 to 4), then by
 * embryo id. Those without a probability come after those with one, by their expected position; those without grades come
 * last and have no rank.
 */
export function rankCohort(answers: readonly GradingAnswer[]): RankedAnswer[] {
  const ordered = [...answers].sort(
    (a, b) =>
      probability(b) - probability(a) ||
      rankingScore(b) - rankingScore(a) ||
      expectedQuality(b) - expectedQuality(a) ||
      (a.embryoId ?? "").localeCompare(b.embryoId ?? "", "en"),
  );
  return ordered.map((answer, index) => ({ ...answer, rank: answer.icm === null ? null : index + 1 }));
}

function probability({ pregnancy }: GradingAnswer): number {
  return pregnancy?.probability ?? -1;
}

/** A raw score without a probability ranks nothing: it may be of another model than its neighbour's. */
function rankingScore({ pregnancy }: GradingAnswer): number {
  return pregnancy === null || pregnancy.probability === null ? -1 : pregnancy.rawScore;
}

function expectedQuality({ icm, te }: GradingAnswer): number {
  return icm === null || te === null ? -1 : expectedPosition(icm.probabilities) + expectedPosition(te.probabilities);
}
