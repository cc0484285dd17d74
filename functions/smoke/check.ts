import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { readCloudConfig } from "../../adapters/config/cloud-config.ts";
import { openFunctionLog } from "../../adapters/log/function-log.ts";
import { assetFolder } from "../../adapters/system/asset-folder.ts";
import { SMOKE_CLINIC } from "../../core/contracts/identifiers.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { BundleDamaged, isBlastogradeError, ModelFailed, PredictionInvalid } from "../../core/errors.ts";
import { differencesOf, GPU_TOLERANCE } from "../../core/grading/same-prediction.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { DeploymentEvent } from "./deployment-event.ts";

const config = readCloudConfig("smoke");
const log = openFunctionLog({ name: "smoke-check", stage: config.STAGE, level: config.LOG_LEVEL });
const objects = openS3ObjectStore({ bucket: config.BUCKET_NAME, bucketOwner: config.BUCKET_OWNER });
const asset = assetFolder(new URL(".", import.meta.url));

/**
 * Asked again and again until the endpoint has answered: the deployment succeeds only with the answer that the CPU gave to the
 * same clip, by the model that was deployed. An endpoint can keep or go back to its old model without a word.
 *
 * @throws PredictionInvalid or ModelFailed, which rolls the deployment back
 */
export async function handler(event: unknown): Promise<{ IsComplete: boolean }> {
  const { RequestType, RequestId, Data } = DeploymentEvent.parse(event);
  if (RequestType === "Delete") return { IsComplete: true };
  try {
    return { IsComplete: await isGraded(RequestId, Data?.FailureKey) };
  } catch (error) {
    // Whatever is thrown here fails the deployment, which a service's bad minute should not.
    if (!isBlastogradeError(error) || !error.retryable) throw error;
    log.logger.warn({ err: error }, "the smoke grading could not be looked at yet");
    return { IsComplete: false };
  }
}

/** @throws PredictionInvalid; ModelFailed; StorageUnavailable */
async function isGraded(requestId: string, failureKey: string | undefined): Promise<boolean> {
  const key = objectKeys.prediction(SMOKE_CLINIC, requestId);
  if ((await objects.head(key)) === null) {
    if (failureKey !== undefined) await refuseFailure(failureKey);
    return false;
  }
  const canned = await asset("canned-prediction.json");
  if (canned === null)
    throw new BundleDamaged("The canned prediction is not beside the smoke function. Deploy it again.");
  const expected = Prediction.parse(jsonOf(canned));
  const answered = Prediction.safeParse(jsonOf(await objects.read(key)));
  if (!answered.success)
    throw new PredictionInvalid("The endpoint's answer breaks its schema.", { cause: answered.error });
  const differences = differencesOf(expected, answered.data, GPU_TOLERANCE);
  if (expected.modelSha256 !== config.MODEL_SHA256) differences.push("The canned prediction is of another model.");
  log.logger.info({ key, differences: differences.length }, "checked the smoke grading");
  if (differences.length === 0) return true;
  throw new PredictionInvalid(`The endpoint does not answer as its model should: ${differences.join(" ")}`);
}

/** @throws ModelFailed with the container's own words, when it has failed */
async function refuseFailure(key: string): Promise<void> {
  if ((await objects.head(key)) === null) return;
  const reason = new TextDecoder().decode(await objects.read(key));
  throw new ModelFailed(`The endpoint failed on the canned clip: ${reason.slice(0, 1000)}`);
}

function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
