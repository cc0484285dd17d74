import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { openSageMakerEndpoint } from "../../adapters/aws/sagemaker-endpoint.ts";
import { readCloudConfig } from "../../adapters/config/cloud-config.ts";
import { openFunctionLog } from "../../adapters/log/function-log.ts";
import { assetFolder } from "../../adapters/system/asset-folder.ts";
import { INFERENCE_LIMITS } from "../../core/contracts/cloud-limits.ts";
import { SMOKE_CLINIC } from "../../core/contracts/identifiers.ts";
import { BundleDamaged } from "../../core/errors.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { DeploymentEvent, type Started } from "./deployment-event.ts";

const config = readCloudConfig("smoke");
const log = openFunctionLog({ name: "smoke-start", stage: config.STAGE, level: config.LOG_LEVEL });
const objects = openS3ObjectStore({ bucket: config.BUCKET_NAME, bucketOwner: config.BUCKET_OWNER });
const endpoint = openSageMakerEndpoint({
  endpointName: config.ENDPOINT_NAME,
  bucket: config.BUCKET_NAME,
  ...INFERENCE_LIMITS,
});
const asset = assetFolder(new URL(".", import.meta.url));

/** After a deployment: asks the endpoint to grade the canned clip, waking an instance if it has none. */
export async function handler(event: unknown): Promise<Started> {
  const { RequestType, RequestId } = DeploymentEvent.parse(event);
  const done = { PhysicalResourceId: "smoke-grading" };
  if (RequestType === "Delete") return done;
  const clip = await asset("canned-clip.npz");
  if (clip === null) throw new BundleDamaged("The canned clip is not beside the smoke function. Deploy it again.");
  const clipKey = objectKeys.clip(SMOKE_CLINIC, RequestId);
  await objects.write(clipKey, clip);
  const { failureKey } = await endpoint.ask({ gradingId: RequestId, clipKey });
  log.logger.info({ clipKey }, "asked for the smoke grading");
  return failureKey === null ? done : { ...done, Data: { FailureKey: failureKey } };
}
