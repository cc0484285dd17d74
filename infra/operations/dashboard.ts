import { Duration } from "aws-cdk-lib";
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryVisualizationType,
  LogQueryWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { endpointMetrics } from "../endpoint-metrics.ts";
import { ownMetric } from "./own-metrics.ts";
import type { Watched } from "./watched.ts";

const WIDTH = 8;

export interface OperationsDashboardProps {
  readonly stageName: string;
  readonly watched: Watched;
}

/** One page: what came in and went out, what waits, and what costs. */
export class OperationsDashboard extends Construct {
  constructor(scope: Construct, id: string, { stageName, watched }: OperationsDashboardProps) {
    super(scope, id);
    const { functions, queues, endpoint, api } = watched;
    const own = (name: Parameters<typeof ownMetric>[1]) => ownMetric(stageName, name);
    const model = endpointMetrics(endpoint.name, endpoint.variant);
    const stations = Object.values(functions).map(({ lambda }) => lambda);
    const waiting = Object.values(queues);

    const dashboard = new Dashboard(this, "Dashboard", {
      dashboardName: `blastograde-${stageName}`,
      defaultInterval: Duration.days(1),
    });
    dashboard.addWidgets(
      graph("Uploads, gradings, rejections", [own("Uploads"), own("Gradings"), own("Rejections")]),
      this.rejectionsByCode(watched),
      graph("Oldest unfinished grading (seconds)", [own("OldestUnfinishedSeconds")]),
    );
    dashboard.addWidgets(
      graph("Clips that wait for the model", [model.backlog, model.backlogWithoutCapacity]),
      graph("GPU instances", [model.instances(Duration.minutes(1))]),
      graph("Model failures", [model.failures, model.modelErrors, model.expired]),
    );
    dashboard.addWidgets(
      graph(
        "Messages that wait",
        waiting.map(({ queue }) => queue.metricApproximateNumberOfMessagesVisible()),
      ),
      graph(
        "Dead letters",
        waiting.map(({ deadLetters }) => deadLetters.metricApproximateNumberOfMessagesVisible()),
      ),
      graph("API: calls, refusals, faults", [api.metricCount(), api.metricClientError(), api.metricServerError()]),
    );
    // What the bill is made of beside the instances above.
    dashboard.addWidgets(
      graph(
        "Cost: executions",
        stations.map((lambda) => lambda.metricInvocations()),
      ),
      graph(
        "Cost: milliseconds executed",
        stations.map((lambda) => lambda.metricDuration({ statistic: "Sum" })),
      ),
      graph("Cost: instance hours", [model.instances(Duration.hours(1)).with({ label: "minutes an hour" })]),
    );
  }

  /** From the logs: as metrics, each code would be one more to pay for. The one of forms that nobody used is in no metric. */
  private rejectionsByCode({ functions }: Watched): LogQueryWidget {
    return new LogQueryWidget({
      title: "Rejections by code; UPLOAD_EXPIRED: forms that nobody used",
      logGroupNames: Object.values(functions).map(({ lambda }) => lambda.logGroup.logGroupName),
      view: LogQueryVisualizationType.BAR,
      queryLines: ['filter msg = "a grading moved" and status = "rejected"', "stats count() by code"],
      width: WIDTH,
      height: 6,
    });
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: WIDTH, height: 6 });
}
