import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { GradingTable } from "./grading-table.ts";
import type { ModelBundle } from "./model-bundle.ts";
import type { ModelEndpoint } from "./model-endpoint.ts";
import { StationQueue } from "./queues.ts";
import type { Stage } from "./stage.ts";
import { type StationDefaults, StationFunction } from "./station-function.ts";
import type { Storage } from "./storage.ts";

/** Two seconds of one core (docs/bench.md) and some hundred reads from S3, with time for S3's slow days. */
const TIMEOUT = Duration.minutes(2);
/**
 * A whole core, which Lambda gives from 1769 MiB on. The station itself peaks at 253 MiB, whatever the archive's size
 * (docs/bench.md, crop-station `peakMebibytes`): seven times what it needs.
 */
const MEMORY_MEBIBYTES = 1769;

export interface CropQueueProps extends Pick<StationDefaults, "key"> {}

/** The crop jobs' queue, which intake has to know before there is a crop station. */
export class CropQueue extends StationQueue {
  constructor(scope: Construct, id: string, { key }: CropQueueProps) {
    super(scope, id, { key, consumerTimeout: TIMEOUT });
  }
}

export interface CroppingProps extends StationDefaults {
  readonly stage: Stage;
  readonly storage: Storage;
  readonly gradings: GradingTable;
  readonly queue: CropQueue;
  readonly bundle: ModelBundle;
  readonly endpoint: ModelEndpoint;
}

/** Station 2: a crop job becomes a clip, and the endpoint is asked to grade it, by `functions/crop`. */
export class Cropping extends Construct {
  readonly station: StationFunction;

  constructor(scope: Construct, id: string, props: CroppingProps) {
    super(scope, id);
    const { storage, gradings, queue, bundle, endpoint, stage } = props;
    this.station = new StationFunction(this, "Crop", {
      ...props,
      entry: "functions/crop/handler.ts",
      description: "A time-lapse becomes the clip that the model sees",
      timeout: TIMEOUT,
      memoryMebibytes: MEMORY_MEBIBYTES,
      reservedConcurrency: stage.reservedConcurrency.crop,
      nativeModules: ["onnxruntime-node", "sharp"],
      besides: [{ from: bundle.cropper.file, to: "cropper.onnx" }],
      environment: {
        ...props.environment,
        ...queue.consumerEnvironment,
        TABLE_NAME: gradings.table.tableName,
        ENDPOINT_NAME: endpoint.deployedName,
        CROPPER_SHA256: bundle.cropper.sha256,
      },
    });
    const { role } = this.station;
    storage.allowRead(role, "uploads", "time-lapses");
    storage.allowWrite(role, "clips", "previews");
    gradings.allow(role, ["GetItem", "PutItem"]);
    endpoint.allowInvoke(role);
    // One at a time: an archive keeps a core busy, and one that fails must not hold up another.
    queue.feed(this.station, { batchSize: 1, maxConcurrency: stage.concurrency.crop });
  }
}
