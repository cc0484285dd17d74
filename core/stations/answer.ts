import { DEMO_NOTICE } from "../contracts/bundle.ts";
import type { Grading, GradingAnswer, GradingRecord } from "../contracts/grading.ts";
import { expectedPosition } from "../grading/grade-decoding.ts";

/**
 * What a caller sees of a grading and, once it is graded, of its record.
 *
 * @param serving whether the bundle that serves is a demo: a grading without a record was looked at by it, or will be
 */
export function answerOf(
  grading: Grading,
  record: GradingRecord | null,
  serving: { readonly demo: boolean },
): GradingAnswer {
  return {
    gradingId: grading.gradingId,
    embryoId: grading.embryoId,
    clinicId: grading.clinicId,
    cycleId: grading.cycleId,
    status: grading.status,
    icm: record?.icm ?? null,
    te: record?.te ?? null,
    qualityGroup: record?.qualityGroup ?? null,
    pregnancy: null,
    sequence: record?.sequence ?? grading.sequence,
    warnings: record?.warnings ?? grading.warnings,
    rejection: grading.rejection,
    provenance: record && {
      archiveDigest: record.archiveDigest,
      clipSha256: record.clipSha256,
      model: record.model,
      modelSha256: record.modelSha256,
      calibratorSha256: null,
      gradedAt: record.gradedAt,
    },
    notice: (record ?? serving).demo ? DEMO_NOTICE : null,
  };
}

/**
 * Ranks the embryos of one cycle against each other: by the expected position of ICM and TE together (0 to 4), then by
 * embryo id. Those without grades come last and have no rank.
 */
export function rankCohort(answers: readonly GradingAnswer[]): (GradingAnswer & { rank: number | null })[] {
  const ordered = [...answers].sort(
    (a, b) => expectedQuality(b) - expectedQuality(a) || (a.embryoId ?? "").localeCompare(b.embryoId ?? "", "en"),
  );
  return ordered.map((answer, index) => ({ ...answer, rank: answer.icm === null ? null : index + 1 }));
}

function expectedQuality({ icm, te }: GradingAnswer): number {
  return icm === null || te === null ? -1 : expectedPosition(icm.probabilities) + expectedPosition(te.probabilities);
}
