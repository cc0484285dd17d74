import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import type { GradingTable } from "./grading-table.ts";
import type { StationQueue } from "./queues.ts";
import type { Stage } from "./stage.ts";
import { type StationDefaults, StationFunction } from "./station-function.ts";
import type { Storage } from "./storage.ts";

const EVERY = Duration.minutes(5);
/** Shorter than the pause between two, so that no two sweep at once. */
const TIMEOUT = Duration.minutes(4);
const MEMORY_MEBIBYTES = 512;

export interface SweeperProps extends StationDefaults {
  readonly stage: Stage;
  readonly storage: Storage;
  readonly gradings: GradingTable;
  readonly stored: StationQueue;
  readonly cropJobs: StationQueue;
  readonly finished: StationQueue;
}

/** Finds gradings that stopped moving, every five minutes, by `functions/sweep`; and puts dead letters back to work when told to. */
export class Sweeper extends Construct {
  readonly station: StationFunction;

  constructor(scope: Construct, id: string, props: SweeperProps) {
    super(scope, id);
    const { storage, gradings, stored, cropJobs, finished, stage } = props;
    this.station = new StationFunction(this, "Sweep", {
      ...props,
      entry: "functions/sweep/handler.ts",
      description: "Gradings that stopped moving are moved on or rejected",
      timeout: TIMEOUT,
      memoryMebibytes: MEMORY_MEBIBYTES,
      reservedConcurrency: stage.reservedConcurrency.sweep,
      environment: {
        ...props.environment,
        TABLE_NAME: gradings.table.tableName,
        STORED_QUEUE_URL: stored.queue.queueUrl,
        STORED_DEAD_LETTER_QUEUE_URL: stored.deadLetters.queueUrl,
        CROP_QUEUE_URL: cropJobs.queue.queueUrl,
        CROP_DEAD_LETTER_QUEUE_URL: cropJobs.deadLetters.queueUrl,
        FINISHED_QUEUE_URL: finished.queue.queueUrl,
        FINISHED_DEAD_LETTER_QUEUE_URL: finished.deadLetters.queueUrl,
      },
    });
    const { role, lambda } = this.station;
    storage.allowRead(role, "uploads", "predictions");
    gradings.allow(role, ["GetItem", "PutItem"], ["unfinished"]);
    for (const queue of [stored, cropJobs, finished]) queue.allowRedrive(role);
    new Rule(this, "Schedule", {
      schedule: Schedule.rate(EVERY),
      // One that failed is not tried again: the next one is five minutes away.
      targets: [new LambdaFunction(lambda, { retryAttempts: 0, maxEventAge: EVERY })],
    });
  }
}
