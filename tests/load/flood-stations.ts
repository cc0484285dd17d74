import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import { openDynamoDbRecordStore } from "../../adapters/aws/dynamodb-record-store.ts";
import { uploadsOfMessage } from "../../adapters/aws/s3-event.ts";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { openSageMakerEndpoint } from "../../adapters/aws/sagemaker-endpoint.ts";
import { sqsBatch } from "../../adapters/aws/sqs-batch.ts";
import { openSqsSender } from "../../adapters/aws/sqs-sender.ts";
import { webpOverlayEncoder } from "../../adapters/image/overlay-encoder.ts";
import { sharpDecoder, sharpEncoder } from "../../adapters/image/sharp-pictures.ts";
import { systemClock } from "../../adapters/system/clock-and-ids.ts";
import { INFERENCE_LIMITS } from "../../core/contracts/cloud-limits.ts";
import { CropJob, InferenceNotification, UploadStored } from "../../core/contracts/messages.ts";
import { ModelUnavailable, StorageUnavailable } from "../../core/errors.ts";
import type { ModelEndpoint, ObjectStore, RecordStore } from "../../core/ports.ts";
import { rejectGrading } from "../../core/stations/close.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { recordGrade } from "../../core/stations/grade.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { uploadOf } from "../../core/stations/keys.ts";
import { type Sweep, type SweepLimits, sweepGradings } from "../../core/stations/sweep.ts";
import { discSegmenter } from "../builders/memory-ports.ts";
import { startEventSource } from "./event-source.ts";
import type { CloudPlaces } from "./flood-cloud.ts";
import { QUEUES, type QueueName } from "./flood-plan.ts";

/** One call of a port in so many fails, as if the service did. */
const CALLS_PER_FAULT = 50;
/** More than deployed, where uploads and crop jobs come one by one: in a batch a failure has to be told from its neighbours. */
const BATCH_SIZE = 10;
const CONCURRENCY: Readonly<Record<QueueName, number>> = { stored: 4, crop: 3, finished: 4 };
/** As deployed. */
const MAX_ATTEMPTS = 10;

export interface FloodCounts {
  /** Failures after which a message is to come again. */
  retried: number;
  /** Messages that an event source left in its queue to come again. */
  kept: number;
  deadLettered: number;
  /** Puts of a record of which the table said that they made it. */
  recordsCreated: number;
}

export interface FloodStations {
  readonly counts: Readonly<FloodCounts>;
  sweep(limits: SweepLimits): Promise<Sweep>;
  /** Once the batches in hand are done. */
  stop(): Promise<void>;
}

/** Every station as `functions/` wires it, with the cropper's network stubbed, and fed by event sources. */
export function startStations({ bucket, bucketOwner, tableName, endpointName, queues }: CloudPlaces): FloodStations {
  const counts: FloodCounts = { retried: 0, kept: 0, deadLettered: 0, recordsCreated: 0 };
  const logger = { warn: () => void counts.retried++, error: () => void counts.deadLettered++ };
  const steadyObjects = openS3ObjectStore({ bucket, bucketOwner });
  const gradings = openDynamoDbGradingStore({ tableName });
  const endpoint = openSageMakerEndpoint({ endpointName, bucket, ...INFERENCE_LIMITS });
  const cropJobs = openSqsSender({ queueUrl: queues.crop.url, schema: CropJob });
  const ports = {
    objects: unsteadyObjects(steadyObjects),
    gradings,
    records: countedRecords(openDynamoDbRecordStore({ tableName }), counts),
    archives: zipArchiveReader,
    pictures: sharpDecoder,
    previews: sharpEncoder,
    overlays: webpOverlayEncoder,
    segmenter: discSegmenter(),
    clips: npzClipFormat,
    endpoint: unsteadyEndpoint(endpoint),
    cropJobs,
    stored: openSqsSender({ queueUrl: queues.stored.url, schema: UploadStored }),
    finished: openSqsSender({ queueUrl: queues.finished.url, schema: InferenceNotification }),
    clock: systemClock,
  };
  const consumer = (queue: QueueName) => ({
    queueUrl: queues[queue].url,
    deadLetterQueueUrl: queues[queue].deadLettersUrl,
    maxAttempts: MAX_ATTEMPTS,
    logger,
  });
  const handlers = {
    stored: sqsBatch({
      parse: uploadsOfMessage,
      handle: (stored) => ingestUpload(stored, ports),
      async onDead(stored, error) {
        const upload = uploadOf(stored.key);
        if (upload !== null) await rejectGrading(ports, upload.gradingId, error);
      },
      ...consumer("stored"),
    }),
    crop: sqsBatch({
      parse: (body) => [CropJob.parse(JSON.parse(body))],
      handle: (job) => cropEmbryo(job, ports),
      onDead: (job, error) => rejectGrading(ports, job.gradingId, error),
      ...consumer("crop"),
    }),
    finished: sqsBatch({
      parse: (body) => [InferenceNotification.parse(JSON.parse(body))],
      handle: (notification) => recordGrade(notification, ports),
      onDead: (notification, error) => rejectGrading(ports, notification.inferenceId, error),
      ...consumer("finished"),
    }),
  };
  const stops = QUEUES.map((queue) =>
    startEventSource({
      queueUrl: queues[queue].url,
      handler: handlers[queue],
      batchSize: BATCH_SIZE,
      concurrency: CONCURRENCY[queue],
      onKept(messages) {
        counts.kept += messages;
      },
    }),
  );
  return {
    counts,
    // What fails in a sweep is for the next one, and here none comes by itself.
    sweep: (limits) => sweepGradings({ ...ports, objects: steadyObjects }, limits),
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

function countedRecords(records: RecordStore, counts: FloodCounts): RecordStore {
  return {
    ...records,
    async putOnce(record) {
      const put = await records.putOnce(record);
      if (put.created) counts.recordsCreated++;
      return put;
    },
  };
}

function unsteadyObjects(objects: ObjectStore): ObjectStore {
  const failSometimes = everySoOften(() => new StorageUnavailable("The flood has S3 fail now and then."));
  return {
    ...objects,
    async head(key, version) {
      failSometimes();
      return objects.head(key, version);
    },
    async read(key, version) {
      failSometimes();
      return objects.read(key, version);
    },
  };
}

function unsteadyEndpoint(endpoint: ModelEndpoint): ModelEndpoint {
  const failSometimes = everySoOften(() => new ModelUnavailable("The flood has SageMaker fail now and then."));
  return {
    async invoke(request) {
      failSometimes();
      await endpoint.invoke(request);
    },
  };
}

function everySoOften(error: () => Error): () => void {
  let calls = 0;
  return () => {
    if (++calls % CALLS_PER_FAULT === 0) throw error();
  };
}
