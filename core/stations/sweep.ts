import type { Grading } from "../contracts/grading.ts";
import type { CropJob, InferenceNotification, UploadStored } from "../contracts/messages.ts";
import { UploadExpired } from "../errors.ts";
import type { Clock, GradingStore, ObjectStore, Sender } from "../ports.ts";
import { rejectGrading } from "./close.ts";
import { objectKeys } from "./keys.ts";

export interface SweepPorts {
  readonly objects: ObjectStore;
  readonly gradings: GradingStore;
  readonly stored: Sender<UploadStored>;
  readonly cropJobs: Sender<CropJob>;
  readonly finished: Sender<InferenceNotification>;
  readonly clock: Clock;
}

export interface SweepLimits {
  /** How long a grading has not been touched. */
  readonly idleSeconds: number;
  /** How long after its form was given out an upload may still come: the form's lifetime and the longest transfer. */
  readonly uploadSeconds: number;
}

// A version that no store gives out: an upload that comes after all finds this one pinned and is left alone.
const NO_UPLOAD = "no-upload";

/**
 * Finds gradings that stopped moving (a lost event, an expired request, a crash between two writes) and sends them to
 * their station again; every station is repeatable, so one message too many does no harm. A grading that was sent counts
 * as touched: one that only waits in a long queue gets another message each `idleSeconds`, not at each sweep. An upload
 * that never came is waited for as long as it may come, and then rejected.
 *
 * @returns how many were sent on
 */
export async function sweepGradings(ports: SweepPorts, limits: SweepLimits): Promise<number> {
  let sent = 0;
  const uploadedBy = Date.parse(secondsAgo(ports.clock, limits.uploadSeconds));
  for (const grading of await ports.gradings.listUnfinished(secondsAgo(ports.clock, limits.idleSeconds))) {
    const isSent = grading.status === "received" ? await sendUpload(grading, ports) : await sendOn(grading, ports);
    if (isSent) sent++;
    else if (Date.parse(grading.receivedAt) < uploadedBy) await expireUpload(grading, ports);
  }
  return sent;
}

/**
 * For a start on queues that outlive the process: every stage's message is in its queue, but for an upload whose event was
 * never sent. A pinned one's was: it stays in the queue until the status has moved.
 *
 * @returns how many were sent on
 */
export async function announceStoredUploads(ports: SweepPorts): Promise<number> {
  let sent = 0;
  for (const grading of await ports.gradings.listUnfinished(secondsAgo(ports.clock, 0))) {
    const isUnannounced = grading.status === "received" && grading.objectVersion === null;
    if (isUnannounced && (await sendUpload(grading, ports))) sent++;
  }
  return sent;
}

/** @returns false when nothing has been uploaded */
async function sendUpload(grading: Grading, ports: SweepPorts): Promise<boolean> {
  const { gradingId, clinicId, objectVersion } = grading;
  if (objectVersion === NO_UPLOAD) return false;
  const upload = await ports.objects.head(objectKeys.upload(clinicId, gradingId), objectVersion ?? undefined);
  if (upload === null) return false;
  await ports.stored.send({ key: upload.key, version: upload.version, size: upload.size });
  await touch(grading, ports);
  return true;
}

async function sendOn(grading: Grading, ports: SweepPorts): Promise<true> {
  const { gradingId, clinicId, status } = grading;
  const predictionKey = objectKeys.prediction(clinicId, gradingId);
  const isPredicted = status === "grading" && (await ports.objects.head(predictionKey)) !== null;
  if (isPredicted) {
    await ports.finished.send({
      invocationStatus: "Completed",
      inferenceId: gradingId,
      responseParameters: { outputLocation: predictionKey },
    });
  } else {
    await ports.cropJobs.send({ gradingId, clinicId });
  }
  await touch(grading, ports);
  return true;
}

/** Of the status it was swept in: one that has moved meanwhile has said so itself. */
async function touch({ gradingId, status }: Grading, ports: SweepPorts): Promise<void> {
  await ports.gradings.change(gradingId, [status], { updatedAt: ports.clock.now().toISOString() });
}

async function expireUpload({ gradingId }: Grading, ports: SweepPorts): Promise<void> {
  // Pinned first: whoever pins wins, so an upload that arrives at this very moment is graded or refused, never both.
  if ((await ports.gradings.pinVersion(gradingId, NO_UPLOAD)) !== NO_UPLOAD) return;
  const expired = new UploadExpired(
    "Nothing was uploaded before the form expired. Ask for a new form and upload again.",
  );
  await rejectGrading(ports, gradingId, expired);
}

function secondsAgo(clock: Clock, seconds: number): string {
  return new Date(clock.now().getTime() - seconds * 1000).toISOString();
}
