import { z } from "zod";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import { uploadsOfMessage } from "../../adapters/aws/s3-event.ts";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { openDeadLetters } from "../../adapters/aws/sqs-dead-letters.ts";
import { openSqsSender } from "../../adapters/aws/sqs-sender.ts";
import { readCloudConfig } from "../../adapters/config/cloud-config.ts";
import { openFunctionLog } from "../../adapters/log/function-log.ts";
import { systemClock } from "../../adapters/system/clock-and-ids.ts";
import { INFERENCE_LIMITS, SWEEP_LIMITS, UPLOAD_LIMITS } from "../../core/contracts/cloud-limits.ts";
import { GradingId } from "../../core/contracts/identifiers.ts";
import { CropJob, InferenceNotification, UploadStored } from "../../core/contracts/messages.ts";
import { StorageUnavailable } from "../../core/errors.ts";
import { uploadOf } from "../../core/stations/keys.ts";
import { type Redrive, type RedriveSource, redriveDeadLetters } from "../../core/stations/redrive.ts";
import { reopenGivenUp } from "../../core/stations/reopen.ts";
import { type Sweep, sweepGradings } from "../../core/stations/sweep.ts";
import { watchGradings } from "../../core/stations/watched-gradings.ts";

const config = readCloudConfig("sweep");
const log = openFunctionLog({ name: "sweep", stage: config.STAGE, level: config.LOG_LEVEL });
const ports = {
  objects: openS3ObjectStore({ bucket: config.BUCKET_NAME, bucketOwner: config.BUCKET_OWNER }),
  gradings: watchGradings(openDynamoDbGradingStore({ tableName: config.TABLE_NAME }), log.moved),
  stored: openSqsSender({ queueUrl: config.STORED_QUEUE_URL, schema: UploadStored }),
  cropJobs: openSqsSender({ queueUrl: config.CROP_QUEUE_URL, schema: CropJob }),
  finished: openSqsSender({ queueUrl: config.FINISHED_QUEUE_URL, schema: InferenceNotification }),
  clock: systemClock,
};
const limits = {
  ...SWEEP_LIMITS,
  // Whatever SageMaker was asked for has ended by then, or will never end.
  inferenceSeconds: INFERENCE_LIMITS.requestTtlSeconds + INFERENCE_LIMITS.invocationTimeoutSeconds,
  uploadSeconds: UPLOAD_LIMITS.formSeconds + UPLOAD_LIMITS.transferSeconds,
};

/** A queue by the station it feeds: ingest, crop, grade. */
const RedrivenQueue = z.enum(["stored", "crop", "finished"]);
type RedrivenQueue = z.infer<typeof RedrivenQueue>;

/** The schedule's event, or an operator's `{ "redrive": "crop" }` or `{ "reopen": ["GRADING ID"] }`. */
const Invocation = z.union([
  z.strictObject({ redrive: RedrivenQueue }),
  z.strictObject({ reopen: z.array(GradingId).max(500) }),
  z.object({ source: z.literal("aws.events") }),
]);

/** Sends on what stopped moving, each few minutes; and, when an operator asks, what lies among the dead letters or was given up. */
export async function handler(event: unknown): Promise<Omit<Sweep, "failures"> | Redrive | { opened: number }> {
  const asked = Invocation.parse(event);
  if ("redrive" in asked) return redriven(asked.redrive);
  if ("reopen" in asked) return { opened: await reopenGivenUp(asked.reopen, ports) };
  const { failures, ...sweep } = await sweepGradings(ports, limits);
  log.gauge("OldestUnfinishedSeconds", sweep.oldestUnfinishedSeconds);
  log.logger.info(sweep, "swept");
  for (const err of failures) log.logger.error({ err }, "a grading could not be swept");
  // For the alarm on the function's errors; the next sweep looks again.
  if (failures.length > 0) throw new StorageUnavailable(`${failures.length} gradings could not be swept.`);
  return sweep;
}

async function redriven(queue: RedrivenQueue): Promise<Redrive> {
  const redrive = await redriveOf[queue]();
  log.logger.info({ queue, ...redrive }, "redrove dead letters");
  return redrive;
}

const redriveOf: Record<RedrivenQueue, () => Promise<Redrive>> = {
  stored: redriving({
    letters: openDeadLetters({ deadLetterQueueUrl: config.STORED_DEAD_LETTER_QUEUE_URL }),
    parse: uploadsOfMessage,
    queue: ports.stored,
    status: "received",
    gradingIdOf: ({ key }) => uploadOf(key)?.gradingId ?? null,
  }),
  crop: redriving({
    letters: openDeadLetters({ deadLetterQueueUrl: config.CROP_DEAD_LETTER_QUEUE_URL }),
    parse: (body) => [CropJob.parse(JSON.parse(body))],
    queue: ports.cropJobs,
    status: "cropping",
    gradingIdOf: ({ gradingId }) => gradingId,
  }),
  finished: redriving({
    letters: openDeadLetters({ deadLetterQueueUrl: config.FINISHED_DEAD_LETTER_QUEUE_URL }),
    parse: (body) => [InferenceNotification.parse(JSON.parse(body))],
    queue: ports.finished,
    status: "grading",
    gradingIdOf: ({ inferenceId }) => inferenceId,
  }),
};

function redriving<Message>(source: RedriveSource<Message>): () => Promise<Redrive> {
  return () => redriveDeadLetters(source, ports);
}
