import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";

/** The metrics that our functions write, in the embedded metric format; see `adapters/log/embedded-metrics.ts`. */
export function ownMetric(
  stageName: string,
  metricName: "Uploads" | "Gradings" | "Rejections" | "OldestUnfinishedSeconds",
) {
  return new Metric({
    namespace: "Blastograde",
    metricName,
    dimensionsMap: { Stage: stageName },
    statistic: metricName === "OldestUnfinishedSeconds" ? "Maximum" : "Sum",
    period: Duration.minutes(5),
  });
}
