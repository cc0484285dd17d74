import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ObjectKey, ObjectStore } from "../../core/ports.ts";
import { keyOfLocation } from "../../core/stations/keys.ts";
import { errorNotification, type FinishedRequest, successNotification } from "./cloud-events.ts";
import { bodyOf, closed } from "./cloud-wire.ts";

export interface InferenceRequest extends FinishedRequest {
  readonly outputKey: ObjectKey;
  readonly failureKey: ObjectKey;
}

/** What a container answers to an invocation. */
export interface ContainerAnswer {
  readonly status: number;
  /** Null: the success is told and nothing was written. */
  readonly body: Uint8Array | string | null;
}

export type Container = (clip: Uint8Array, request: InferenceRequest) => Promise<ContainerAnswer>;

export interface SageMakerStandIn {
  readonly url: string;
  /** Requests that wait for an instance, oldest first. A test may take some out. */
  readonly waiting: InferenceRequest[];
  /** What the instances run. A test puts a fault in its place. */
  container: Container;
  readonly deployed: Container;
  /** Does with the oldest request what SageMaker does. @returns whether there was one */
  answerNext(): Promise<boolean>;
  close(): Promise<void>;
}

export interface SageMakerOptions {
  readonly bucket: string;
  readonly objects: ObjectStore;
  /** Takes the notification of the endpoint's one topic, as raw delivery brings it. */
  notify(notification: object): Promise<void>;
  readonly container: Container;
}

/** SageMaker's runtime with one asynchronous endpoint, whose requests wait until they are told to be answered. */
export async function startSageMaker({
  bucket,
  objects,
  notify,
  container,
}: SageMakerOptions): Promise<SageMakerStandIn> {
  const waiting: InferenceRequest[] = [];
  const server = createServer(async (request, response) => {
    await bodyOf(request);
    const said = (name: string) => String(request.headers[`x-amzn-sagemaker-${name}`]);
    const [, endpointName] = /^\/endpoints\/([^/]+)\/async-invocations$/.exec(request.url ?? "") ?? [];
    if (request.method !== "POST" || endpointName === undefined) return response.writeHead(404).end();
    const inferenceId = said("inference-id");
    const outputKey = `${said("s3outputpathextension")}/${said("filename")}`;
    const failureKey = `failures/${randomUUID()}-error.out`;
    waiting.push({
      inferenceId,
      endpointName,
      inputLocation: said("inputlocation"),
      contentType: said("content-type"),
      accept: said("accept"),
      outputKey,
      failureKey,
    });
    response.writeHead(202, {
      "content-type": "application/json",
      "X-Amzn-SageMaker-OutputLocation": `s3://${bucket}/${outputKey}`,
      "X-Amzn-SageMaker-FailureLocation": `s3://${bucket}/${failureKey}`,
    });
    response.end(JSON.stringify({ InferenceId: inferenceId }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const standIn: SageMakerStandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting,
    container,
    deployed: container,
    async answerNext() {
      const request = waiting.shift();
      if (request === undefined) return false;
      const { status, body } = await standIn.container(
        await objects.read(keyOfLocation(request.inputLocation)),
        request,
      );
      const isAnswered = status === 200;
      const key = isAnswered ? request.outputKey : request.failureKey;
      if (body !== null) await objects.write(key, typeof body === "string" ? new TextEncoder().encode(body) : body);
      await notify(
        isAnswered
          ? successNotification(request, `s3://${bucket}/${key}`)
          : errorNotification(request, status, body ?? ""),
      );
      return true;
    },
    close: () => closed(server),
  };
  return standIn;
}

/** The container that answers at `url`. */
export function containerAt(url: string): Container {
  return async (clip, { inferenceId, contentType, accept }) => {
    const answer = await fetch(`${url}/invocations`, {
      method: "POST",
      headers: { "Content-Type": contentType, Accept: accept, "X-Amzn-SageMaker-Inference-Id": inferenceId },
      body: clip as Uint8Array<ArrayBuffer>,
    });
    return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) };
  };
}
