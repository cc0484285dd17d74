import type { Grading } from "../contracts/grading.ts";
import type { CropJob, InferenceNotification, UploadStored } from "../contracts/messages.ts";
import type { Clock, GradingStore, ObjectStore, Sender } from "../ports.ts";
import { objectKeys } from "./keys.ts";

/** The stations' queues, and what says which of them a grading waits for. */
export interface SendingPorts {
  readonly objects: ObjectStore;
  readonly gradings: GradingStore;
  readonly stored: Sender<UploadStored>;
  readonly cropJobs: Sender<CropJob>;
  readonly finished: Sender<InferenceNotification>;
  readonly clock: Clock;
}

// A version that no store gives out: an upload that comes after all finds this one pinned and is left alone.
export const NO_UPLOAD = "no-upload";

/** Sends an upload to the ingest station again. @returns whether anything has been uploaded */
export async function sendUpload(grading: Grading, ports: SendingPorts): Promise<boolean> {
  const { gradingId, clinicId, objectVersion } = grading;
  if (objectVersion === NO_UPLOAD) return false;
  const upload = await ports.objects.head(objectKeys.upload(clinicId, gradingId), objectVersion ?? undefined);
  if (upload === null) return false;
  await ports.stored.send({ key: upload.key, version: upload.version, size: upload.size });
  await touch(grading, ports);
  return true;
}

/** Whether the model's answer to the grading's clip lies there; one that cannot be read is for the grade station to judge. */
export async function isAnswerThere(
  { clinicId, gradingId, clipSha256 }: Grading,
  { objects }: SendingPorts,
): Promise<boolean> {
  const key = objectKeys.prediction(clinicId, gradingId);
  if ((await objects.head(key)) === null) return false;
  const answer = await objects.read(key);
  try {
    return JSON.parse(new TextDecoder().decode(answer)).clipSha256 === clipSha256;
  } catch {
    return true;
  }
}

/** Tells the grade station of it, as the endpoint would. */
export async function tellAnswer({ clinicId, gradingId }: Grading, ports: SendingPorts): Promise<void> {
  await ports.finished.send({
    invocationStatus: "Completed",
    inferenceId: gradingId,
    responseParameters: { outputLocation: objectKeys.prediction(clinicId, gradingId) },
  });
}

/** Notes that it was sent on, if it is still in the status it was sent for: one that has moved meanwhile has said so itself. */
export async function touch({ gradingId, status, sweeps }: Grading, ports: SendingPorts): Promise<void> {
  const updatedAt = ports.clock.now().toISOString();
  await ports.gradings.change(gradingId, [status], { updatedAt, sweeps: sweeps + 1 });
}
