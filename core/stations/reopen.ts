import type { GradingStatus } from "../contracts/grading.ts";
import type { Clock, GradingStore } from "../ports.ts";
import { isAnswerThere, type SendingPorts, sendUpload, tellAnswer } from "./send-on.ts";

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
  const reopened = {
    status,
    rejection: null,
    askedAt: null,
    sweeps: 0,
    setback: null,
    updatedAt: ports.clock.now().toISOString(),
  };
  const changed = await ports.gradings.change(gradingId, ["rejected"], reopened);
  return changed?.changed === true;
}

/**
 * Opens gradings again that were given up, and sends them to their station, as an operator asks once the cause is mended.
 *
 * @returns how many were opened; any other of them is not there or has ended in another way
 */
export async function reopenGivenUp(gradingIds: readonly string[], ports: SendingPorts): Promise<number> {
  let opened = 0;
  for (const gradingId of gradingIds) {
    const grading = await ports.gradings.find(gradingId);
    if (grading?.status !== "rejected") continue;
    const isAnswered = grading.clipSha256 !== null && (await isAnswerThere(grading, ports));
    const cutOrAnswered = isAnswered ? "grading" : "cropping";
    const status = grading.archiveDigest === null ? "received" : cutOrAnswered;
    if (!(await reopenGrading(ports, gradingId, status))) continue;
    if (status === "received") await sendUpload({ ...grading, status }, ports);
    else if (isAnswered) await tellAnswer(grading, ports);
    else await ports.cropJobs.send({ gradingId, clinicId: grading.clinicId });
    opened++;
  }
  return opened;
}
