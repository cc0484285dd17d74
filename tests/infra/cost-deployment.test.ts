import type { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEPLOYMENT } from "../../cli/cost/deployment.ts";
import { resourceOf, resourcesOf, type Synthesised, synthesise } from "../builders/synth.ts";

/** What Application Auto Scaling makes for one policy that follows a metric: an alarm above its target and one below. */
const ALARMS_OF_TARGET_TRACKING = 2;

/** What AWS bills by the month, or by use that `cli/cost` reckons with. */
const ESTIMATED = [
  ...["ApiGateway::RestApi", "Budgets::Budget", "CloudWatch::Alarm", "CloudWatch::Dashboard", "DynamoDB::Table"],
  ...["Events::Rule", "KMS::Key", "Lambda::Function", "Logs::LogGroup", "S3::Bucket", "SNS::Topic", "SQS::Queue"],
  ...["SageMaker::Endpoint", "WAFv2::WebACL"],
];
/** Parts of those, and what costs nothing. */
const FREE = [
  ...["ApiGateway::Account", "ApiGateway::Deployment", "ApiGateway::Method", "ApiGateway::Resource"],
  ...["ApiGateway::Stage", "ApplicationAutoScaling::ScalableTarget", "ApplicationAutoScaling::ScalingPolicy"],
  ...["IAM::Policy", "IAM::Role", "KMS::Alias", "Lambda::EventSourceMapping", "Lambda::Permission", "S3::BucketPolicy"],
  ...["SNS::Subscription", "SNS::TopicPolicy", "SQS::QueuePolicy", "SageMaker::EndpointConfig", "SageMaker::Model"],
  ...["WAFv2::WebACLAssociation"],
];
/** Said in `docs/cost.md` not to be counted: a minute of it a deployment. */
const NOT_COUNTED = ["StepFunctions::StateMachine"];

let synthesised: Synthesised;
let template: Template;

beforeAll(async () => {
  synthesised = await synthesise();
  template = synthesised.template;
});
afterAll(() => synthesised.close());

const count = (type: string) => resourcesOf(template, type).length;

it("has nothing that the estimate knows nothing of", () => {
  const { Resources } = template.toJSON() as { Resources: Record<string, { Type: string }> };

  const types = new Set(Object.values(Resources).map(({ Type }) => Type));
  const known = [...ESTIMATED, ...FREE, ...NOT_COUNTED].map((type) => `AWS::${type}`);
  expect(types).toEqual(new Set([...known, "Custom::SmokeGrading"]));
});

it.each([
  ["AWS::KMS::Key", DEPLOYMENT.encryptionKeys],
  ["AWS::WAFv2::WebACL", DEPLOYMENT.firewalls],
  ["AWS::CloudWatch::Dashboard", DEPLOYMENT.dashboards],
  ["AWS::Budgets::Budget", DEPLOYMENT.budgets],
  ["AWS::Lambda::EventSourceMapping", DEPLOYMENT.queues.length],
  ["AWS::SQS::Queue", 2 * DEPLOYMENT.queues.length],
  ["AWS::DynamoDB::Table", 1],
  ["AWS::SageMaker::Endpoint", 1],
])("has of %s as many as the estimate counts: %i", (type, counted) => {
  expect(count(type)).toBe(counted);
});

it("has functions of the memory that the estimate pays for", () => {
  const memories = synthesised.functions.map(({ name, memoryMebibytes }) => [name, { memoryMebibytes }]);

  expect(Object.fromEntries(memories)).toEqual(DEPLOYMENT.functions);
});

it("has as many rules in its firewall", () => {
  expect(resourceOf(template, "AWS::WAFv2::WebACL").properties.Rules).toHaveLength(DEPLOYMENT.firewallRules);
});

it("has alarms on as many metrics, with those that follow the endpoint's backlog", () => {
  const metrics = resourcesOf(template, "AWS::CloudWatch::Alarm").map(({ properties }) =>
    properties.Metrics === undefined ? 1 : properties.Metrics.filter((one: object) => "MetricStat" in one).length,
  );
  const tracking = resourcesOf(template, "AWS::ApplicationAutoScaling::ScalingPolicy").filter(
    ({ properties }) => properties.PolicyType === "TargetTrackingScaling",
  );

  const watched = metrics.reduce((sum, one) => sum + one, 0);
  expect(watched + ALARMS_OF_TARGET_TRACKING * tracking.length).toBe(DEPLOYMENT.alarmMetrics);
});

it("has as many metrics of its own, on the dashboard and in alarms", () => {
  const { DashboardBody } = resourceOf(template, "AWS::CloudWatch::Dashboard").properties;
  const shown = [...JSON.stringify(DashboardBody).matchAll(/\\"Blastograde\\",\\"(\w+)\\"/g)].map(([, name]) => name);
  const watched = resourcesOf(template, "AWS::CloudWatch::Alarm").flatMap(({ properties }) =>
    properties.Namespace === "Blastograde" ? [properties.MetricName] : [],
  );

  expect(new Set([...shown, ...watched]).size).toBe(DEPLOYMENT.ownMetrics);
});

it("pays for no metrics of each method of the API", () => {
  const { MethodSettings } = resourceOf(template, "AWS::ApiGateway::Stage").properties;

  expect(MethodSettings).toHaveLength(1);
  expect(MethodSettings[0].MetricsEnabled).not.toBe(true);
});

it("sweeps as often", () => {
  const { ScheduleExpression } = resourceOf(template, "AWS::Events::Rule").properties;

  expect(ScheduleExpression).toBe(`rate(${DEPLOYMENT.sweepEveryMinutes} minutes)`);
});

it("has the endpoint's instances, from none to as many, for a backlog as long", () => {
  const config = resourceOf(template, "AWS::SageMaker::EndpointConfig").properties;
  const target = resourceOf(template, "AWS::ApplicationAutoScaling::ScalableTarget").properties;
  const backlog = resourceOf(template, "AWS::ApplicationAutoScaling::ScalingPolicy", "/Backlog").properties;

  const { instanceType, maxInstances, backlogPerInstance } = DEPLOYMENT.endpoint;
  expect(config.ProductionVariants).toMatchObject([{ InstanceType: instanceType }]);
  expect(target).toMatchObject({ MinCapacity: 0, MaxCapacity: maxInstances });
  expect(backlog.TargetTrackingScalingPolicyConfiguration.TargetValue).toBe(backlogPerInstance);
});

it("has the indexes whose copies the estimate writes and keeps", () => {
  const { GlobalSecondaryIndexes } = resourceOf(template, "AWS::DynamoDB::Table").properties;

  const projections = GlobalSecondaryIndexes.map((index: { Projection: object }) => index.Projection);
  expect(projections).toEqual([1, 2, 3].map(() => ({ ProjectionType: "ALL" })));
});

it("keeps objects and logs for as many days", () => {
  const { Rules } = resourceOf(template, "AWS::S3::Bucket", "/Storage/Bucket/").properties.LifecycleConfiguration;
  const daysOf = (id: string) => Rules.find((rule: { Id: string }) => rule.Id === id);
  const logs = resourcesOf(template, "AWS::Logs::LogGroup").map(({ properties }) => properties.RetentionInDays);

  expect({
    uploads: daysOf("uploads").ExpirationInDays,
    timeLapses: daysOf("time-lapses").ExpirationInDays,
    clips: daysOf("clips").ExpirationInDays,
    noncurrentVersions: daysOf("noncurrent-versions").NoncurrentVersionExpiration.NoncurrentDays,
    logs: Math.max(...logs),
  }).toEqual(DEPLOYMENT.retentionDays);
});

describe("with a private network", () => {
  it("has as many interfaces, one for each service in each zone", async () => {
    const network = await synthesise({ stage: { privateNetwork: true } });
    await network.close();

    const interfaces = resourcesOf(network.template, "AWS::EC2::VPCEndpoint").filter(
      ({ properties }) => properties.VpcEndpointType === "Interface",
    );
    const zones = interfaces.flatMap(({ properties }) => properties.SubnetIds);
    expect(zones).toHaveLength(DEPLOYMENT.privateNetworkInterfaces);
    expect(resourcesOf(network.template, "AWS::EC2::NatGateway")).toEqual([]);
  });
});
