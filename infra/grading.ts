import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { GradingTable } from "./grading-table.ts";
import { StationQueue } from "./queues.ts";
import type { Stage } from "./stage.ts";
import { type StationDefaults, StationFunction } from "./station-function.ts";
import type { Storage } from "./storage.ts";

const TIMEOUT = Duration.minutes(1);
/** Twice what it peaks at with ten clips of 30 frames at once, 230 MiB (measured, its process with the code as deployed). */
const MEMORY_MEBIBYTES = 512;

/** What the endpoint's notifications wait in, which the endpoint has to know before there is a grade station. */
export class FinishedQueue extends StationQueue {
  constructor(scope: Construct, id: string, { key }: Pick<StationDefaults, "key">) {
    super(scope, id, { key, consumerTimeout: TIMEOUT });
  }
}

export interface GradingProps extends StationDefaults {
  readonly stage: Stage;
  readonly storage: Storage;
  readonly gradings: GradingTable;
  readonly queue: FinishedQueue;
}

/** Station 3: a prediction becomes the record, written once, by `functions/grade/finished`. */
export class Grading extends Construct {
  readonly station: StationFunction;

  constructor(scope: Construct, id: string, props: GradingProps) {
    super(scope, id);
    const { storage, gradings, queue, stage } = props;
    this.station = new StationFunction(this, "Finished", {
      ...props,
      entry: "functions/grade/finished.ts",
      description: "A prediction becomes the record of its embryo",
      timeout: TIMEOUT,
      memoryMebibytes: MEMORY_MEBIBYTES,
      reservedConcurrency: stage.reservedConcurrency.finished,
      nativeModules: ["sharp"],
      environment: {
        ...props.environment,
        ...queue.consumerEnvironment,
        TABLE_NAME: gradings.table.tableName,
      },
    });
    const { role } = this.station;
    storage.allowRead(role, "predictions", "clips");
    storage.allowWrite(role, "explanations");
    gradings.allow(role, ["GetItem", "PutItem"]);
    queue.feed(this.station, { batchSize: 10, maxConcurrency: stage.concurrency.finished });
  }
}
