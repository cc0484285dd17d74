import { Duration } from "aws-cdk-lib";
import { CfnScalableTarget, CfnScalingPolicy } from "aws-cdk-lib/aws-applicationautoscaling";
import { CfnAlarm } from "aws-cdk-lib/aws-cloudwatch";
import type { CfnEndpoint } from "aws-cdk-lib/aws-sagemaker";
import { Construct } from "constructs";

/** Clips that wait for one instance before another one is worth its start. */
const BACKLOG_PER_INSTANCE = 20;
const SCALE_OUT_COOLDOWN = Duration.minutes(5);
/** A clinic uploads embryo after embryo: an instance that has just started stays for the next one. */
const SCALE_IN_COOLDOWN = Duration.minutes(10);

export interface EndpointScalingProps {
  readonly endpointName: string;
  readonly variant: string;
  readonly endpoint: CfnEndpoint;
  readonly maxInstances: number;
}

/**
 * From none to `maxInstances` and back. Two policies, because the backlog per instance says nothing while there is no
 * instance: the first one is started for any backlog without capacity, the others for the backlog of each.
 *
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
 */
export class EndpointScaling extends Construct {
  constructor(scope: Construct, id: string, props: EndpointScalingProps) {
    super(scope, id);
    const target = new CfnScalableTarget(this, "Target", {
      serviceNamespace: "sagemaker",
      scalableDimension: "sagemaker:variant:DesiredInstanceCount",
      resourceId: `endpoint/${props.endpointName}/variant/${props.variant}`,
      minCapacity: 0,
      maxCapacity: props.maxInstances,
    });
    target.node.addDependency(props.endpoint);
    this.followBacklog(target, props.endpointName);
    this.startFromNone(target, props.endpointName);
  }

  private followBacklog(target: CfnScalableTarget, endpointName: string): void {
    new CfnScalingPolicy(this, "Backlog", {
      policyName: `${endpointName}-backlog`,
      policyType: "TargetTrackingScaling",
      scalingTargetId: target.ref,
      targetTrackingScalingPolicyConfiguration: {
        targetValue: BACKLOG_PER_INSTANCE,
        scaleOutCooldown: SCALE_OUT_COOLDOWN.toSeconds(),
        scaleInCooldown: SCALE_IN_COOLDOWN.toSeconds(),
        customizedMetricSpecification: {
          namespace: "AWS/SageMaker",
          metricName: "ApproximateBacklogSizePerInstance",
          statistic: "Average",
          dimensions: [{ name: "EndpointName", value: endpointName }],
        },
      },
    });
  }

  private startFromNone(target: CfnScalableTarget, endpointName: string): void {
    const policy = new CfnScalingPolicy(this, "FirstInstance", {
      policyName: `${endpointName}-first-instance`,
      policyType: "StepScaling",
      scalingTargetId: target.ref,
      stepScalingPolicyConfiguration: {
        adjustmentType: "ChangeInCapacity",
        metricAggregationType: "Average",
        cooldown: SCALE_OUT_COOLDOWN.toSeconds(),
        stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }],
      },
    });
    // No alarm for people: it goes off with each first upload after a pause, and starting an instance is all there is to do.
    new CfnAlarm(this, "BacklogWithoutCapacity", {
      alarmDescription: "Clips wait and no instance runs: starts the first one.",
      namespace: "AWS/SageMaker",
      metricName: "HasBacklogWithoutCapacity",
      dimensions: [{ name: "EndpointName", value: endpointName }],
      statistic: "Average",
      period: 60,
      evaluationPeriods: 2,
      datapointsToAlarm: 2,
      threshold: 1,
      comparisonOperator: "GreaterThanOrEqualToThreshold",
      treatMissingData: "missing",
      alarmActions: [policy.attrArn],
    });
  }
}
