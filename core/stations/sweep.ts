import type { Grading } from "../contracts/grading.ts";
import type { CropJob, InferenceNotification, UploadStored } from "../contracts/messages.ts";
import { StationGaveUp, UploadExpired } from "../errors.ts";
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
  /** How long the endpoint may take to answer: before that, a request may still be waiting in its queue. */
  readonly inferenceSeconds: number;
  /** How long after its form was given out an upload may still come: the form's lifetime and the longest transfer. */
  readonly uploadSeconds: number;
  /** How often a grading is sent on before it is given up. */
  readonly sweepsAtMost: number;
}

export interface Sweep {
  /** Gradings that were sent to their station again. */
  readonly sent: number;
  /** Gradings that were closed: given up, or never uploaded. */
  readonly closed: number;
  /** Age of the oldest grading that waits for a station, since its form was asked for; 0 where none waits. */
  readonly oldestUnfinishedSeconds: number;
}

type Outcome = "sent" | "closed" | "left";

// A version that no store gives out: an upload that comes after all finds this one pinned and is left alone.
const NO_UPLOAD = "no-upload";

/**
 * Finds gradings that stopped moving (a lost event, an expired request, a dead letter, a crash between two writes) and sends
 * them to their station again; every station is repeatable, so one message too many does no harm. A grading that was sent counts
 * as touched: one that only waits in a long queue gets another message each `idleSeconds`, not at each sweep. One that was
 * set back is sent at the next sweep. One that was sent `sweepsAtMost` times is rejected with the last reason known. An upload
 * that never came is waited for as long as it may come, and then rejected.
 */
export async function sweepGradings(ports: SweepPorts, limits: SweepLimits): Promise<Sweep> {
  const unfinished = await ports.gradings.listUnfinished(ports.clock.now().toISOString());
  const counts = { sent: 0, closed: 0, left: 0 };
  for (const grading of unfinished) {
    if (isDue(grading, ports.clock, limits)) counts[await sweepOne(grading, ports, limits)]++;
  }
  const waiting = unfinished.filter(({ status, objectVersion }) => status !== "received" || objectVersion !== null);
  const now = ports.clock.now().getTime();
  const ages = waiting.map(({ receivedAt }) => (now - Date.parse(receivedAt)) / 1000);
  // Not spread over Math.max: a long queue has more gradings than a call takes.
  const oldestUnfinishedSeconds = ages.reduce((oldest, age) => Math.max(oldest, age), 0);
  return { sent: counts.sent, closed: counts.closed, oldestUnfinishedSeconds };
}

function isDue({ updatedAt, setback }: Grading, clock: Clock, { idleSeconds }: SweepLimits): boolean {
  const isUntouchedSinceSetback = setback !== null && Date.parse(updatedAt) <= Date.parse(setback.at);
  return isUntouchedSinceSetback || Date.parse(updatedAt) < secondsAgo(clock, idleSeconds);
}

async function sweepOne(grading: Grading, ports: SweepPorts, limits: SweepLimits): Promise<Outcome> {
  if (grading.sweeps >= limits.sweepsAtMost) return giveUp(grading, ports);
  const outcome =
    grading.status === "received" ? await sendUpload(grading, ports) : await sendOn(grading, ports, limits);
  const isOverdue = Date.parse(grading.receivedAt) < secondsAgo(ports.clock, limits.uploadSeconds);
  return grading.status === "received" && outcome === "left" && isOverdue ? expireUpload(grading, ports) : outcome;
}

/**
 * For a start on queues that outlive the process: every stage's message is in its queue, but for an upload whose event was
 * never sent. A pinned one's was: it stays in the queue until the status has moved.
 *
 * @returns how many were sent on
 */
export async function announceStoredUploads(ports: SweepPorts): Promise<number> {
  let sent = 0;
  for (const grading of await ports.gradings.listUnfinished(ports.clock.now().toISOString())) {
    const isUnannounced = grading.status === "received" && grading.objectVersion === null;
    if (isUnannounced && (await sendUpload(grading, ports)) === "sent") sent++;
  }
  return sent;
}

/** Leaves it when nothing has been uploaded. */
async function sendUpload(grading: Grading, ports: SweepPorts): Promise<Outcome> {
  const { gradingId, clinicId, objectVersion } = grading;
  if (objectVersion === NO_UPLOAD) return "left";
  const upload = await ports.objects.head(objectKeys.upload(clinicId, gradingId), objectVersion ?? undefined);
  if (upload === null) return "left";
  await ports.stored.send({ key: upload.key, version: upload.version, size: upload.size });
  return touch(grading, ports);
}

async function sendOn(grading: Grading, ports: SweepPorts, limits: SweepLimits): Promise<Outcome> {
  const { gradingId, clinicId, status, updatedAt } = grading;
  const predictionKey = objectKeys.prediction(clinicId, gradingId);
  const isPredicted = status === "grading" && (await ports.objects.head(predictionKey)) !== null;
  if (isPredicted) {
    await ports.finished.send({
      invocationStatus: "Completed",
      inferenceId: gradingId,
      responseParameters: { outputLocation: predictionKey },
    });
    return touch(grading, ports);
  }
  // A second request while the first one waits would be paid for twice.
  const mayStillWait = Date.parse(updatedAt) >= secondsAgo(ports.clock, limits.inferenceSeconds);
  if (status === "grading" && mayStillWait) return "left";
  await ports.cropJobs.send({ gradingId, clinicId });
  return touch(grading, ports);
}

/** Of the status it was swept in: one that has moved meanwhile has said so itself. */
async function touch({ gradingId, status, sweeps }: Grading, ports: SweepPorts): Promise<"sent"> {
  const updatedAt = ports.clock.now().toISOString();
  await ports.gradings.change(gradingId, [status], { updatedAt, sweeps: sweeps + 1 });
  return "sent";
}

async function giveUp({ gradingId, sweeps, setback }: Grading, ports: SweepPorts): Promise<"closed"> {
  const last = setback === null ? "No reason is known." : `The last time: ${setback.detail}`;
  const sentence = `Sent on ${sweeps} times without success. ${last} Upload it again later; if it fails again, report it.`;
  await rejectGrading(ports, gradingId, new StationGaveUp(sentence));
  return "closed";
}

async function expireUpload({ gradingId }: Grading, ports: SweepPorts): Promise<Outcome> {
  // Pinned first: whoever pins wins, so an upload that arrives at this very moment is graded or refused, never both.
  if ((await ports.gradings.pinVersion(gradingId, NO_UPLOAD)) !== NO_UPLOAD) return "left";
  const expired = new UploadExpired(
    "Nothing was uploaded before the form expired. Ask for a new form and upload again.",
  );
  await rejectGrading(ports, gradingId, expired);
  return "closed";
}

/** Milliseconds since the epoch. */
function secondsAgo(clock: Clock, seconds: number): number {
  return clock.now().getTime() - seconds * 1000;
}
