import type { Grading } from "../contracts/grading.ts";

/** The row of an upload that has just been asked for. */
export function newGrading(upload: {
  gradingId: string;
  clinicId: string;
  ageYears: number | null;
  receivedAt: string;
}): Grading {
  return {
    ...upload,
    kind: "time-lapse",
    status: "received",
    updatedAt: upload.receivedAt,
    objectVersion: null,
    embryoId: null,
    cycleId: null,
    archiveDigest: null,
    clipSha256: null,
    sequence: null,
    warnings: [],
    rejection: null,
    recordKey: null,
  };
}
