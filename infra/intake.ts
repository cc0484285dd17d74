import { Aws, Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { GradingTable } from "./grading-table.ts";
import { StationQueue } from "./queues.ts";
import type { Stage } from "./stage.ts";
import { type StationDefaults, StationFunction } from "./station-function.ts";
import type { Storage } from "./storage.ts";

const TIMEOUT = Duration.minutes(1);
/** It peaked at 135 MiB with ten uploads at once (measured, its process with the code as deployed); the rest is its share of a core. */
const MEMORY_MEBIBYTES = 512;

export interface IntakeProps extends StationDefaults {
  readonly stage: Stage;
  readonly storage: Storage;
  readonly gradings: GradingTable;
  /** Where crop jobs go. */
  readonly cropJobs: StationQueue;
}

/** Station 1: what S3 says of each upload, read by `functions/ingest`. */
export class Intake extends Construct {
  readonly queue: StationQueue;
  readonly station: StationFunction;

  constructor(scope: Construct, id: string, props: IntakeProps) {
    super(scope, id);
    const { storage, gradings, cropJobs, stage } = props;
    this.queue = new StationQueue(this, "Stored", { key: props.key, consumerTimeout: TIMEOUT });
    this.queue.admitService("s3.amazonaws.com", {
      StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID },
      ArnLike: { "aws:SourceArn": `arn:${Aws.PARTITION}:s3:::*` },
    });
    storage.announceUploads(this.queue);
    this.station = new StationFunction(this, "Ingest", {
      ...props,
      entry: "functions/ingest/handler.ts",
      description: "An uploaded archive becomes a validated time-lapse and a crop job",
      timeout: TIMEOUT,
      memoryMebibytes: MEMORY_MEBIBYTES,
      reservedConcurrency: stage.reservedConcurrency.ingest,
      environment: {
        ...props.environment,
        ...this.queue.consumerEnvironment,
        TABLE_NAME: gradings.table.tableName,
        CROP_QUEUE_URL: cropJobs.queue.queueUrl,
      },
    });
    const { role } = this.station;
    storage.allowRead(role, "uploads");
    storage.allowWrite(role, "time-lapses");
    gradings.allow(role, ["GetItem", "PutItem"]);
    cropJobs.allowSend(role);
    // One at a time: an archive that ends the process must not use up the attempts of others.
    this.queue.feed(this.station, { batchSize: 1, maxConcurrency: stage.concurrency.ingest });
  }
}
