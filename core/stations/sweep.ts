import type { Grading } from "../contracts/grading.ts";
import { type BlastogradeError, isBlastogradeError, ObjectMissing, StationGaveUp, UploadExpired } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { rejectGrading } from "./close.ts";
import { isAnswerThere, NO_UPLOAD, type SendingPorts, sendUpload, tellAnswer, touch } from "./send-on.ts";

export interface SweepLimits {
  /** How long a grading has not been touched when it is first sent on; twice as long after each time that it did not move. */
  readonly idleSeconds: number;
  /** How long after its first setback a grading is sent on; twice as long after each further one. */
  readonly setbackSeconds: number;
  /** How long the endpoint may take to answer: before that, a request may still be waiting in its queue. */
  readonly inferenceSeconds: number;
  /** How long after its form was given out an upload may still come: the form's lifetime and the longest transfer. */
  readonly uploadSeconds: number;
  /** How often a grading is sent on without moving, and how often it is set back, before it is given up. */
  readonly triesAtMost: number;
}

export interface Sweep {
  /** Gradings that were sent to their station again. */
  readonly sent: number;
  /** Gradings that were closed: given up, or never uploaded. */
  readonly closed: number;
  /** Why gradings could not be looked at; all others have been. */
  readonly failures: readonly BlastogradeError[];
  /** Age of the oldest grading that waits for a station, since its form was asked for; 0 where none waits. */
  readonly oldestUnfinishedSeconds: number;
}

type Outcome = "sent" | "closed" | "left";

/** An object or a row may be at fault by itself; with so many in one sweep a service is, and the rest is left to the next one. */
const FAILURES_AT_MOST = 20;

/**
 * Finds gradings that stopped moving (a lost event, an expired request, a dead letter, a crash between two writes) and sends
 * them to their station again; every station is repeatable, so one message too many does no harm. A grading that was sent counts
 * as touched: one that only waits in a long queue gets another message after `idleSeconds`, the next after twice as long, and so
 * on; so does one that was set back, from `setbackSeconds` on. One that was tried `triesAtMost` times is rejected with the last reason
 * known. An upload that never came is waited for as long as it may come, and then rejected.
 * A row is read again before anything is done about it: the list may be minutes old by then.
 */
export async function sweepGradings(ports: SendingPorts, limits: SweepLimits): Promise<Sweep> {
  const now = ports.clock.now();
  const counts = { sent: 0, closed: 0, left: 0 };
  const failures: BlastogradeError[] = [];
  let oldestUnfinishedSeconds = 0;
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!isBlastogradeError(error)) throw error;
      failures.push(error);
    }
  };
  await attempt(async () => {
    for await (const grading of ports.gradings.listUnfinished(now.toISOString())) {
      const isWaiting = grading.status !== "received" || grading.objectVersion !== null;
      const ageSeconds = (now.getTime() - Date.parse(grading.receivedAt)) / 1000;
      if (isWaiting) oldestUnfinishedSeconds = Math.max(oldestUnfinishedSeconds, ageSeconds);
      if (failures.length >= FAILURES_AT_MOST || !isDue(grading, now, limits)) continue;
      await attempt(async () => {
        const current = await ports.gradings.find(grading.gradingId);
        const isAsListed = current?.status === grading.status && current.updatedAt === grading.updatedAt;
        counts[isAsListed ? await sweepOne(current, ports, limits) : "left"]++;
      });
    }
  });
  return { sent: counts.sent, closed: counts.closed, failures, oldestUnfinishedSeconds };
}

function isDue({ updatedAt, setback, sweeps }: Grading, now: Date, limits: SweepLimits): boolean {
  const untouchedSeconds = (now.getTime() - Date.parse(updatedAt)) / 1000;
  if (setback !== null && Date.parse(updatedAt) <= Date.parse(setback.at)) {
    return untouchedSeconds >= limits.setbackSeconds * 2 ** (setback.times - 1);
  }
  return untouchedSeconds > limits.idleSeconds * 2 ** sweeps;
}

async function sweepOne(grading: Grading, ports: SendingPorts, limits: SweepLimits): Promise<Outcome> {
  if (grading.status === "received") return sweepUpload(grading, ports, limits);
  const { gradingId, clinicId, status, askedAt, sweeps, setback } = grading;
  const isAnswered = status === "grading" && (await isAnswerThere(grading, ports));
  // A second request while the first one waits would be paid for twice.
  const mayStillWait = askedAt !== null && Date.parse(askedAt) >= secondsAgo(ports.clock, limits.inferenceSeconds);
  if (status === "grading" && !isAnswered && mayStillWait) return look(grading, ports);
  const setbacks = status === "cropping" ? (setback?.times ?? 0) : 0;
  if (Math.max(sweeps, setbacks) >= limits.triesAtMost) return giveUp(grading, ports);
  if (isAnswered) {
    await tellAnswer(grading, ports);
    await touch(grading, ports);
    return "sent";
  }
  // What the crop station goes by when it decides whether to ask.
  if (status === "grading") await ports.gradings.change(gradingId, ["grading"], { askedAt: null });
  await ports.cropJobs.send({ gradingId, clinicId });
  await touch(grading, ports);
  return "sent";
}

async function sweepUpload(grading: Grading, ports: SendingPorts, limits: SweepLimits): Promise<Outcome> {
  if (grading.sweeps >= limits.triesAtMost) return giveUp(grading, ports);
  if (await sendUpload(grading, ports)) return "sent";
  if (grading.objectVersion !== null && grading.objectVersion !== NO_UPLOAD) {
    // It was there once, or nobody could have pinned it.
    await rejectGrading(ports, grading.gradingId, new ObjectMissing("The uploaded file is gone. Upload it again."));
    return "closed";
  }
  const isOverdue = Date.parse(grading.receivedAt) < secondsAgo(ports.clock, limits.uploadSeconds);
  return isOverdue ? expireUpload(grading, ports) : look(grading, ports);
}

/**
 * For a start on queues that outlive the process: every stage's message is in its queue, but for an upload whose event was
 * never sent. A pinned one's was: it stays in the queue until the status has moved.
 *
 * @returns how many were sent on
 */
export async function announceStoredUploads(ports: SendingPorts): Promise<number> {
  let sent = 0;
  for await (const grading of ports.gradings.listUnfinished(ports.clock.now().toISOString())) {
    const isUnannounced = grading.status === "received" && grading.objectVersion === null;
    if (isUnannounced && (await sendUpload(grading, ports))) sent++;
  }
  return sent;
}

/** Looked at, and again after its time and not at each sweep. */
async function look({ gradingId, status }: Grading, ports: SendingPorts): Promise<"left"> {
  await ports.gradings.change(gradingId, [status], { updatedAt: ports.clock.now().toISOString() });
  return "left";
}

async function giveUp({ gradingId, sweeps, setback }: Grading, ports: SendingPorts): Promise<"closed"> {
  const last = setback === null ? "No reason is known." : `The last time: ${setback.detail}`;
  const tries = Math.max(sweeps, setback?.times ?? 0);
  const sentence = `Sent on ${tries} times without success. ${last} Upload it again later; if it fails again, report it.`;
  await rejectGrading(ports, gradingId, new StationGaveUp(sentence));
  return "closed";
}

async function expireUpload({ gradingId }: Grading, ports: SendingPorts): Promise<Outcome> {
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
