import { InvokeEndpointAsyncCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { ModelUnavailable } from "../../core/errors.ts";
import type { ModelEndpoint, ObjectKey } from "../../core/ports.ts";
import { keyOfLocation, predictionOfClip } from "../../core/stations/keys.ts";
import { stationClient } from "./station-client.ts";

export interface SageMakerEndpointOptions {
  readonly endpointName: string;
  /** Where the clips lie. The endpoint's configuration has to have this bucket, without a folder, as its S3OutputPath. */
  readonly bucket: string;
  /** How long a request may wait for an instance: 60 to 21,600. One that waited longer is dropped, with a notification. */
  readonly requestTtlSeconds: number;
  /** How long the container may take for one clip: 1 to 3,600. */
  readonly invocationTimeoutSeconds: number;
  /** How long one try of a call may take; the SDK then sends it again. @default 5000 */
  readonly requestTimeoutMs?: number;
}

export interface SageMakerEndpoint extends ModelEndpoint {
  /**
   * Asks as `invoke` does.
   *
   * @returns where SageMaker writes its reason if the container fails; null where it says no place within the bucket
   * @throws ModelUnavailable
   */
  ask(request: { gradingId: string; clipKey: ObjectKey }): Promise<{ failureKey: ObjectKey | null }>;
}

/**
 * SageMaker's asynchronous inference: the clip is read from the bucket, the prediction written beside it, and success or
 * failure told by the endpoint's topics. A call whose answer is lost is sent again, so that a clip may be predicted twice;
 * its second prediction replaces the first, and the grade station takes the first that it is told of.
 *
 * The prediction lies at the place of `predictionOfClip`. AWS's documentation says of `S3OutputPathExtension` that it "is
 * appended to the Amazon S3 output path" and of `Filename` that it names the object within; whether either is joined by a
 * slash of its own it does not say. So the S3OutputPath has to be `s3://BUCKET`, the extension has no slash at its ends,
 * and SageMaker's own word for where it will write is compared with what was meant: an endpoint that writes where no station
 * looks is refused with the first clip, not found out by gradings that wait for ever.
 *
 * @example
 * const limits = { requestTtlSeconds: 21_600, invocationTimeoutSeconds: 900 };
 * const endpoint = openSageMakerEndpoint({ endpointName: "blastograde-demo", bucket: "blastograde-demo", ...limits });
 */
export function openSageMakerEndpoint(options: SageMakerEndpointOptions): SageMakerEndpoint {
  const { endpointName, bucket, requestTtlSeconds, invocationTimeoutSeconds, requestTimeoutMs = 5_000 } = options;
  const client = new SageMakerRuntimeClient(stationClient(requestTimeoutMs));

  async function asking<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (cause) {
      // Its name and not its message, which says roles and accounts: a clinic may come to read this.
      const happened = cause instanceof Error ? cause.name : "unknown error";
      throw new ModelUnavailable(`The endpoint ${endpointName} takes no clips at present (${happened}).`, { cause });
    }
  }

  const endpoint: SageMakerEndpoint = {
    async invoke(request) {
      await endpoint.ask(request);
    },
    async ask({ gradingId, clipKey }) {
      const predictionKey = predictionOfClip(clipKey);
      const nameAt = predictionKey.lastIndexOf("/") + 1;
      const command = new InvokeEndpointAsyncCommand({
        EndpointName: endpointName,
        InputLocation: `s3://${bucket}/${clipKey}`,
        InferenceId: gradingId,
        ContentType: "application/x-npz",
        Accept: "application/json",
        S3OutputPathExtension: predictionKey.slice(0, nameAt - 1),
        Filename: predictionKey.slice(nameAt),
        RequestTTLSeconds: requestTtlSeconds,
        InvocationTimeoutSeconds: invocationTimeoutSeconds,
      });
      const { OutputLocation, FailureLocation } = await asking(() => client.send(command));
      if (OutputLocation !== undefined && keyOfLocation(OutputLocation) !== predictionKey) {
        const meant = `s3://${bucket}/${predictionKey}`;
        throw new ModelUnavailable(
          `The endpoint ${endpointName} writes to ${OutputLocation} instead of ${meant}. Set its S3OutputPath to s3://${bucket}.`,
        );
      }
      return { failureKey: FailureLocation?.startsWith(`s3://${bucket}/`) ? keyOfLocation(FailureLocation) : null };
    },
  };
  return endpoint;
}
