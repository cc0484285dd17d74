import type { GradingStatus } from "../contracts/grading.ts";
import type { Clock, GradingStore } from "../ports.ts";

/**
 * Reopens a grading that was closed because its station gave up, so that its dead letter can be sent again. A grading that was
 * rejected for what was uploaded, or has been graded, stays as it is.
 *
 * @param status of a grading that waits for the station of the dead letter
 * @returns whether its message is worth sending again
 */
export async function reopenGrading(
  ports: { gradings: GradingStore; clock: Clock },
  gradingId: string,
  status: GradingStatus,
): Promise<boolean> {
  const grading = await ports.gradings.find(gradingId);
  if (grading === null || grading.status === "graded") return false;
  if (grading.status !== "rejected") return true;
  if (grading.rejection?.code !== "STATION_GAVE_UP") return false;
  const reopened = { status, rejection: null, sweeps: 0, updatedAt: ports.clock.now().toISOString() };
  const changed = await ports.gradings.change(gradingId, ["rejected"], reopened);
  return changed?.changed === true;
}
