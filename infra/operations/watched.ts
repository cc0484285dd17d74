import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import type { ModelEndpoint } from "../model-endpoint.ts";
import type { StationQueue } from "../queues.ts";
import type { StationFunction } from "../station-function.ts";

/** What dashboard and alarms look at, under the names that people read there. */
export interface Watched {
  readonly functions: Readonly<Record<string, StationFunction>>;
  readonly queues: Readonly<Record<string, StationQueue>>;
  readonly endpoint: ModelEndpoint;
  readonly api: RestApi;
}
