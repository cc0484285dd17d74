import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";

/**
 * The metrics of an asynchronous endpoint that we watch. SageMaker publishes neither `Invocations` nor
 * `InvocationModelErrors` for one: what fails is in `InvocationFailures` and `Invocation5XXErrors`.
 *
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
 */
export function endpointMetrics(endpointName: string, variant: string) {
  const ofEndpoint = (metricName: string, statistic: string, period = Duration.minutes(1)) =>
    new Metric({
      namespace: "AWS/SageMaker",
      metricName,
      statistic,
      period,
      dimensionsMap: { EndpointName: endpointName },
    });
  const ofVariant = (metricName: string, namespace: string, statistic: string, period: Duration) =>
    new Metric({
      namespace,
      metricName,
      statistic,
      period,
      dimensionsMap: { EndpointName: endpointName, VariantName: variant },
    });
  const perRequest = (metricName: string) => ofVariant(metricName, "AWS/SageMaker", "Sum", Duration.minutes(5));
  return {
    backlog: ofEndpoint("ApproximateBacklogSize", "Maximum"),
    backlogWithoutCapacity: ofEndpoint("HasBacklogWithoutCapacity", "Maximum"),
    failures: perRequest("InvocationFailures"),
    modelErrors: perRequest("Invocation5XXErrors"),
    expired: perRequest("ExpiredRequests"),
    /** Each instance says once a minute how busy it is, so that counting this counts instances. */
    instances: (period: Duration) => ofVariant("CPUUtilization", "/aws/sagemaker/Endpoints", "SampleCount", period),
  };
}

/** What takes a new model or image back while the old one still stands. Made before the endpoint, hence by its name. */
export function endpointAlarms(scope: Construct, endpointName: string, variant: string): Alarm[] {
  const { failures, modelErrors } = endpointMetrics(endpointName, variant);
  return Object.entries({ Failures: failures, ModelErrors: modelErrors }).map(
    ([name, metric]) =>
      new Alarm(scope, name, {
        alarmDescription: `The model endpoint: ${metric.metricName}. A deployment that causes it is rolled back.`,
        metric,
        threshold: 3,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
  );
}
