import type { Grading } from "../contracts/grading.ts";

/** The row of an upload that has just been asked for. */
export function newGrading({
  still,
  ...upload
}: {
  gradingId: string;
  clinicId: string;
  ageYears: number | null;
  receivedAt: string;
  /** What no manifest will say of a still. @default the upload is a time-lapse */
  still?: { embryoId: string; cycleId: string | null };
}): Grading {
  return {
    ...upload,
    kind: still ? "still" : "time-lapse",
    status: "received",
    updatedAt: upload.receivedAt,
    objectVersion: null,
    announced: still ?? null,
    embryoId: null,
    cycleId: null,
    archiveDigest: null,
    clipSha256: null,
    sequence: null,
    warnings: [],
    rejection: null,
    recordKey: null,
    askedAt: null,
    sweeps: 0,
    setback: null,
  };
}
