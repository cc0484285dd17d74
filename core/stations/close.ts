import type { Grading, GradingStatus } from "../contracts/grading.ts";
import { type BlastogradeError, isBlastogradeError } from "../errors.ts";
import type { Clock, GradingStore } from "../ports.ts";

/** Statuses in which a grading still waits for a station. */
export const UNFINISHED: readonly GradingStatus[] = ["received", "cropping", "grading"];

/**
 * Closes a grading with the code and sentence of what is wrong with it. One that is graded or rejected already stays as
 * it is.
 */
export async function rejectGrading(
  ports: { gradings: GradingStore; clock: Clock },
  gradingId: string,
  error: Pick<BlastogradeError, "code" | "message">,
): Promise<void> {
  await ports.gradings.change(gradingId, UNFINISHED, {
    status: "rejected",
    rejection: { code: error.code, detail: error.message },
    updatedAt: ports.clock.now().toISOString(),
  });
}

/**
 * Runs a station's work on a grading and records bad input as its rejection. Retryable errors, and those that are not
 * ours, go back to the queue.
 */
export async function rejectingBadInput(
  ports: { gradings: GradingStore; clock: Clock },
  grading: Grading,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isBlastogradeError(error) || error.retryable) throw error;
    await rejectGrading(ports, grading.gradingId, error);
  }
}

/**
 * Puts a grading back to its crop job, with the reason why the model's request came to nothing. Nothing is sent: a sweep
 * does it, later each time, so that a model that is being swapped, or an endpoint that is down, is not asked in a tight circle.
 */
export async function setBackGrading(
  ports: { gradings: GradingStore; clock: Clock },
  grading: Grading,
  { code, message }: Pick<BlastogradeError, "code" | "message">,
): Promise<void> {
  const at = ports.clock.now().toISOString();
  const setback = { code, detail: message, at, times: (grading.setback?.times ?? 0) + 1 };
  const change = { status: "cropping", askedAt: null, sweeps: 0, setback, updatedAt: at } as const;
  // A failure told when its request is no longer the one that is waited for is late, or told twice.
  await ports.gradings.change(grading.gradingId, ["grading"], change);
}
