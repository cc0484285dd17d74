import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { openSageMakerEndpoint } from "../../adapters/aws/sagemaker-endpoint.ts";
import { sqsBatch } from "../../adapters/aws/sqs-batch.ts";
import { readCloudConfig } from "../../adapters/config/cloud-config.ts";
import { forbidTelemetry } from "../../adapters/config/telemetry.ts";
import { sharpDecoder, sharpEncoder } from "../../adapters/image/sharp-pictures.ts";
import { openFunctionLog } from "../../adapters/log/function-log.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { assetFolder } from "../../adapters/system/asset-folder.ts";
import { systemClock } from "../../adapters/system/clock-and-ids.ts";
import { INFERENCE_LIMITS } from "../../core/contracts/cloud-limits.ts";
import { CropJob } from "../../core/contracts/messages.ts";
import { BundleDamaged } from "../../core/errors.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { rejectGrading } from "../../core/stations/close.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { watchGradings } from "../../core/stations/watched-gradings.ts";

const config = readCloudConfig("crop");
const log = openFunctionLog({ name: "crop", stage: config.STAGE, level: config.LOG_LEVEL });
const asset = assetFolder(new URL(".", import.meta.url));
const ports = {
  objects: openS3ObjectStore({ bucket: config.BUCKET_NAME, bucketOwner: config.BUCKET_OWNER }),
  gradings: watchGradings(openDynamoDbGradingStore({ tableName: config.TABLE_NAME }), log.moved),
  archives: zipArchiveReader,
  pictures: sharpDecoder,
  previews: sharpEncoder,
  segmenter: await openCropper(),
  clips: npzClipFormat,
  endpoint: openSageMakerEndpoint({
    endpointName: config.ENDPOINT_NAME,
    bucket: config.BUCKET_NAME,
    requestTtlSeconds: INFERENCE_LIMITS.requestTtlSeconds,
    invocationTimeoutSeconds: INFERENCE_LIMITS.invocationTimeoutSeconds,
  }),
  clock: systemClock,
};

/** Station 2: crop jobs, one at a time. */
export const handler = sqsBatch({
  parse: (body) => [CropJob.parse(JSON.parse(body))],
  handle: (job) => cropEmbryo(job, ports),
  onDead: (job, error) => rejectGrading(ports, job.gradingId, error),
  queueUrl: config.QUEUE_URL,
  deadLetterQueueUrl: config.DEAD_LETTER_QUEUE_URL,
  maxAttempts: config.MAX_ATTEMPTS,
  logger: log.logger,
});

/** The cropper that was delivered beside this code. @throws BundleDamaged when it is another one than the deployment says */
async function openCropper() {
  forbidTelemetry();
  const network = await asset("cropper.onnx");
  const sha256 = config.CROPPER_SHA256;
  if (network === null || (await sha256Hex(network)) !== sha256) {
    throw new BundleDamaged(`The cropper beside the crop function is not ${sha256}. Deploy the function again.`);
  }
  return openSegmenter(network, { sha256, threads: 2 });
}
