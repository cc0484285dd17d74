import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import { openDynamoDbRecordStore } from "../../adapters/aws/dynamodb-record-store.ts";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { sqsBatch } from "../../adapters/aws/sqs-batch.ts";
import { readCloudConfig } from "../../adapters/config/cloud-config.ts";
import { webpOverlayEncoder } from "../../adapters/image/overlay-encoder.ts";
import { openFunctionLog } from "../../adapters/log/function-log.ts";
import { systemClock } from "../../adapters/system/clock-and-ids.ts";
import { InferenceNotification } from "../../core/contracts/messages.ts";
import { rejectGrading } from "../../core/stations/close.ts";
import { recordGrade } from "../../core/stations/grade.ts";
import { watchGradings } from "../../core/stations/watched-gradings.ts";

const config = readCloudConfig("finished");
const log = openFunctionLog({ name: "finished", stage: config.STAGE, level: config.LOG_LEVEL });
const ports = {
  objects: openS3ObjectStore({ bucket: config.BUCKET_NAME, bucketOwner: config.BUCKET_OWNER }),
  gradings: watchGradings(openDynamoDbGradingStore({ tableName: config.TABLE_NAME }), log.moved),
  records: openDynamoDbRecordStore({ tableName: config.TABLE_NAME }),
  clips: npzClipFormat,
  overlays: webpOverlayEncoder,
  clock: systemClock,
};

/** Station 3: the endpoint's notifications of success and failure, through their queue. */
export const handler = sqsBatch({
  parse: (body) => [InferenceNotification.parse(JSON.parse(body))],
  handle: (notification) => recordGrade(notification, ports),
  onDead: (notification, error) => rejectGrading(ports, notification.inferenceId, error),
  queueUrl: config.QUEUE_URL,
  deadLetterQueueUrl: config.DEAD_LETTER_QUEUE_URL,
  maxAttempts: config.MAX_ATTEMPTS,
  logger: log.logger,
});
