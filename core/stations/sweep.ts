import type { CropJob, InferenceNotification, UploadStored } from "../contracts/messages.ts";
import type { Clock, GradingStore, ObjectStore, Sender } from "../ports.ts";
import { objectKeys } from "./keys.ts";

export interface SweepPorts {
  readonly objects: ObjectStore;
  readonly gradings: GradingStore;
  readonly stored: Sender<UploadStored>;
  readonly cropJobs: Sender<CropJob>;
  readonly finished: Sender<InferenceNotification>;
  readonly clock: Clock;
}

/**
 * Finds gradings that stopped moving (a lost event, an expired request, a crash between two writes) and sends them to
 * their station again; every station is repeatable, so one message too many does no harm. A grading whose upload never
 * came is left: it waits for the clinic.
 *
 * @param idleSeconds how long a grading has not been touched
 * @returns how many were sent on
 */
export async function sweepGradings(ports: SweepPorts, idleSeconds: number): Promise<number> {
  const before = new Date(ports.clock.now().getTime() - idleSeconds * 1000).toISOString();
  let sent = 0;
  for (const { gradingId, clinicId, status, objectVersion } of await ports.gradings.listUnfinished(before)) {
    if (status === "received") {
      const upload = await ports.objects.head(objectKeys.upload(clinicId, gradingId), objectVersion ?? undefined);
      if (upload === null) continue;
      await ports.stored.send({ key: upload.key, version: upload.version, size: upload.size });
    } else {
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
    }
    sent++;
  }
  return sent;
}
