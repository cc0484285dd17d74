import { z } from "zod";
import { Problem } from "../../core/contracts/http.ts";
import { GradingId } from "../../core/contracts/identifiers.ts";
import type { InferenceNotification } from "../../core/contracts/messages.ts";
import { ModelUnavailable } from "../../core/errors.ts";
import type { GradingStore, ModelEndpoint, ObjectStore, Sender } from "../../core/ports.ts";
import { predictionOfClip } from "../../core/stations/keys.ts";

/** A request that waits for the model server. */
export const InferenceJob = z.object({ gradingId: GradingId, clipKey: z.string().min(1) });
export type InferenceJob = z.infer<typeof InferenceJob>;

/** Asynchronous inference over a queue of our own: what SageMaker keeps between the request and the container. */
export function openLoopbackEndpoint(jobs: Sender<InferenceJob>): ModelEndpoint {
  return { invoke: (request) => jobs.send(request) };
}

export interface LoopbackPorts {
  readonly objects: ObjectStore;
  readonly gradings: GradingStore;
  readonly finished: Sender<InferenceNotification>;
  /** Of the model server, without a slash at the end. */
  readonly modelUrl: string;
}

/**
 * Does what SageMaker does with a waiting request: posts the clip to the container, stores its answer, and tells of
 * success or failure with the same message. An answer of 4xx is final, as is one that says that trying again does not
 * help; any other 5xx and a server that is not there are tried again. A request whose grading has ended or was set back is
 * dropped: the sweep may have asked a second time while the first one waited.
 *
 * @throws ModelUnavailable; StorageUnavailable
 */
export async function inferClip({ gradingId, clipKey }: InferenceJob, ports: LoopbackPorts): Promise<void> {
  const grading = await ports.gradings.find(gradingId);
  if (grading?.status !== "grading") return;
  const clip = await ports.objects.read(clipKey);
  const answer = await post(`${ports.modelUrl}/invocations`, clip, gradingId);
  const body = new Uint8Array(await answer.arrayBuffer());
  if (!answer.ok) {
    const failureReason = new TextDecoder().decode(body);
    if (answer.status >= 500 && !isFinal(failureReason)) {
      throw new ModelUnavailable(`The model server answered ${answer.status}: ${failureReason}`);
    }
    await ports.finished.send({ invocationStatus: "Failed", inferenceId: gradingId, failureReason });
    return;
  }
  const predictionKey = predictionOfClip(clipKey);
  await ports.objects.write(predictionKey, body);
  await ports.finished.send({
    invocationStatus: "Completed",
    inferenceId: gradingId,
    responseParameters: { contentType: "application/json", outputLocation: `s3://local/${predictionKey}` },
  });
}

/** Whether the server says that the same request would fare no better. */
function isFinal(body: string): boolean {
  try {
    const problem = Problem.safeParse(JSON.parse(body));
    return problem.success && !problem.data.retryable;
  } catch {
    return false;
  }
}

async function post(url: string, clip: Uint8Array, gradingId: string): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      body: clip as Uint8Array<ArrayBuffer>,
      headers: { "Content-Type": "application/x-npz", "X-Amzn-SageMaker-Inference-Id": gradingId },
    });
  } catch (cause) {
    throw new ModelUnavailable("The model server does not answer.", { cause });
  }
}
