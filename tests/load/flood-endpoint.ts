import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { ObjectStore } from "../../core/ports.ts";
import { keyOfLocation } from "../../core/stations/keys.ts";
import { TEST_AWS } from "../builders/aws-environment.ts";
import { predictionOf } from "../builders/station-house.ts";
import type { Answer } from "./flood-plan.ts";

export interface FloodEndpointOptions {
  readonly endpointName: string;
  readonly objects: Pick<ObjectStore, "read" | "write">;
  /** What becomes of the first request of a grading. */
  readonly answerOf: (gradingId: string) => Answer;
  /** Sends a notification of the endpoint's topics. */
  readonly notify: (notification: object) => Promise<void>;
}

export interface FloodEndpoint {
  /** For `AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME`. */
  readonly url: string;
  /** Once no request is in hand. @throws the first error of any */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** SageMaker's asynchronous endpoint without a network: takes requests over HTTP, answers every clip alike, and tells. */
export async function startFloodEndpoint(options: FloodEndpointOptions): Promise<FloodEndpoint> {
  const { endpointName, objects, answerOf, notify } = options;
  const asked = new Set<string>();
  const inHand = new Set<Promise<void>>();
  let failure: unknown = null;

  async function infer(request: { inferenceId: string; inputLocation: string; outputLocation: string }) {
    const { inferenceId, inputLocation, outputLocation } = request;
    const answer = asked.has(inferenceId) ? "told-once" : answerOf(inferenceId);
    // One that is not told of is never told of: the sweep has to find its prediction.
    if (answer !== "not-told") asked.add(inferenceId);
    if (answer === "died") {
      const failureReason = "Received server error (503) from model with message: worker died";
      return notify({ ...common(request), invocationStatus: "Failed", failureReason });
    }
    const prediction = await predictionOf(await objects.read(keyOfLocation(inputLocation)));
    await objects.write(keyOfLocation(outputLocation), new TextEncoder().encode(JSON.stringify(prediction)));
    if (answer === "not-told") return;
    const responseParameters = { contentType: "application/json", outputLocation };
    const told = { ...common(request), invocationStatus: "Completed", responseParameters };
    await notify(told);
    if (answer === "told-twice") await notify(told);
  }

  /** What every notification of SageMaker says. @see AWS, SageMaker Developer Guide, "Check prediction results" */
  const common = ({ inferenceId, inputLocation }: { inferenceId: string; inputLocation: string }) => ({
    awsRegion: TEST_AWS.region,
    eventTime: "2026-03-01T12:00:00.608Z",
    receivedTime: "2026-03-01T12:00:00.455Z",
    requestParameters: { contentType: "application/x-npz", endpointName, inputLocation },
    inferenceId,
    eventVersion: "1.0",
    eventSource: "aws:sagemaker",
    eventName: "InferenceResult",
  });

  function accept(headers: IncomingHttpHeaders): { inferenceId: string; outputLocation: string } {
    const said = (name: string) => String(headers[`x-amzn-sagemaker-${name}`]);
    const [inferenceId, inputLocation] = [said("inference-id"), said("inputlocation")];
    const bucket = inputLocation.split("/").slice(0, 3).join("/");
    const outputLocation = `${bucket}/${said("s3outputpathextension")}/${said("filename")}`;
    const inference = infer({ inferenceId, inputLocation, outputLocation })
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => inHand.delete(inference));
    inHand.add(inference);
    return { inferenceId, outputLocation };
  }

  const server = createServer((request, response) => {
    const { inferenceId, outputLocation } = accept(request.headers);
    request.resume();
    const headers = { "content-type": "application/json", "x-amzn-sagemaker-outputlocation": outputLocation };
    response.writeHead(202, headers).end(JSON.stringify({ InferenceId: inferenceId }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async settled() {
      while (inHand.size > 0) await Promise.all(inHand);
      if (failure !== null) throw failure;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
