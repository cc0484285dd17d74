import type { Grading, GradingStatus } from "../contracts/grading.ts";
import type { GradingStore } from "../ports.ts";

/** A grading has entered a status. Nothing of the embryo or the woman is in it, so that it may be logged and counted. */
export interface GradingMoved {
  readonly status: GradingStatus;
  readonly gradingId: string;
  readonly clinicId: string;
  /** Code of the rejection; null of any other status. */
  readonly code: string | null;
  /** Since the upload's form was asked for. */
  readonly ageSeconds: number;
}

/**
 * The same store, telling of each move to another status once, after it is durable. A process that dies in between tells
 * nothing: what is told is for counting, never for billing.
 */
export function watchGradings(gradings: GradingStore, onMoved: (moved: GradingMoved) => void): GradingStore {
  return {
    ...gradings,
    async change(gradingId, from, change) {
      const result = await gradings.change(gradingId, from, change);
      if (result?.changed && change.status !== undefined) onMoved(movedOf(result.grading));
      return result;
    },
  };
}

function movedOf({ status, gradingId, clinicId, rejection, receivedAt, updatedAt }: Grading): GradingMoved {
  const ageSeconds = (Date.parse(updatedAt) - Date.parse(receivedAt)) / 1000;
  return { status, gradingId, clinicId, code: rejection?.code ?? null, ageSeconds };
}
