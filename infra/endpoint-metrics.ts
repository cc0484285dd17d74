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

/** Requests in five minutes that fail before somebody is told: a single one may be its clip's fault. */
export const FAILURES_TOLD = 3;

/**
 * What takes a new model or image back while the old one still stands. Made before the endpoint, hence by its name. Of 5xx
 * only: `InvocationFailures` also counts clips that the model refuses, as after each change of the cropper it should.
 */
export function rollbackAlarm(scope: Construct, endpointName: string, variant: string): Alarm {
  return new Alarm(scope, "ModelErrors", {
    alarmDescription: "The model answered with 5xx. A deployment that causes it is rolled back.",
    metric: endpointMetrics(endpointName, variant).modelErrors,
    threshold: FAILURES_TOLD,
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
