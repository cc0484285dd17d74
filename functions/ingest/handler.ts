import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import { uploadsOfMessage } from "../../adapters/aws/s3-event.ts";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { sqsBatch } from "../../adapters/aws/sqs-batch.ts";
import { openSqsSender } from "../../adapters/aws/sqs-sender.ts";
import { readCloudConfig } from "../../adapters/config/cloud-config.ts";
import { openFunctionLog } from "../../adapters/log/function-log.ts";
import { systemClock } from "../../adapters/system/clock-and-ids.ts";
import { CropJob } from "../../core/contracts/messages.ts";
import { rejectGrading } from "../../core/stations/close.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { uploadOf } from "../../core/stations/keys.ts";
import { type GradingMoved, watchGradings } from "../../core/stations/watched-gradings.ts";

const config = readCloudConfig("ingest");
const log = openFunctionLog({ name: "ingest", stage: config.STAGE, level: config.LOG_LEVEL });
const gradings = openDynamoDbGradingStore({ tableName: config.TABLE_NAME });
const ports = {
  objects: openS3ObjectStore({ bucket: config.BUCKET_NAME, bucketOwner: config.BUCKET_OWNER }),
  gradings: watchGradings(gradings, countUpload),
  archives: zipArchiveReader,
  cropJobs: openSqsSender({ queueUrl: config.CROP_QUEUE_URL, schema: CropJob }),
  clock: systemClock,
};

/** Station 1: the bucket's notifications of stored uploads, through their queue. */
export const handler = sqsBatch({
  parse: uploadsOfMessage,
  handle: (stored) => ingestUpload(stored, ports),
  async onDead(stored, error) {
    const upload = uploadOf(stored.key);
    if (upload !== null) await rejectGrading(ports, upload.gradingId, error);
  },
  queueUrl: config.QUEUE_URL,
  deadLetterQueueUrl: config.DEAD_LETTER_QUEUE_URL,
  maxAttempts: config.MAX_ATTEMPTS,
  logger: log.logger,
});

/** Whether it goes on or is rejected: here an upload moves for the first time. */
function countUpload(moved: GradingMoved): void {
  log.count("Uploads");
  log.moved(moved);
}
