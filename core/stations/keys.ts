import { ClinicId, GradingId } from "../contracts/identifiers.ts";
import type { ObjectKey } from "../ports.ts";

/** Where each station's objects lie: one folder a kind, then the clinic, then the grading. */
export const objectKeys = {
  upload: (clinicId: string, gradingId: string): ObjectKey => `uploads/${clinicId}/${gradingId}`,
  timeLapse: (clinicId: string, gradingId: string): ObjectKey => `time-lapses/${clinicId}/${gradingId}.json`,
  clip: (clinicId: string, gradingId: string): ObjectKey => `clips/${clinicId}/${gradingId}.npz`,
  preview: (clinicId: string, gradingId: string): ObjectKey => `previews/${clinicId}/${gradingId}.webp`,
  prediction: (clinicId: string, gradingId: string): ObjectKey => `predictions/${clinicId}/${gradingId}.json`,
  explanation: (clinicId: string, gradingId: string): ObjectKey => `explanations/${clinicId}/${gradingId}.webp`,
  calibrator: (clinicId: string): ObjectKey => `calibrators/${clinicId}.json`,
};

/** Where the prediction of a clip belongs. */
export function predictionOfClip(clipKey: ObjectKey): ObjectKey {
  return clipKey.replace(/^clips\//, "predictions/").replace(/\.npz$/, ".json");
}

/** The clinic and grading an upload's key stands for; null for a key that is no upload's. */
export function uploadOf(key: ObjectKey): { clinicId: string; gradingId: string } | null {
  const [folder, clinicId, gradingId, ...rest] = key.split("/");
  if (folder !== "uploads" || rest.length > 0) return null;
  if (!ClinicId.safeParse(clinicId).success || !GradingId.safeParse(gradingId).success) return null;
  return { clinicId: clinicId!, gradingId: gradingId! };
}

/** The key within `s3://bucket/key`, as endpoints give the place of their output. */
export function keyOfLocation(location: string): ObjectKey {
  return location.replace(/^s3:\/\/[^/]+\//, "");
}
