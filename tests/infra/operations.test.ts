import type { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ASSUMPTIONS } from "../../cli/cost/assumptions.ts";
import { resourceOf, resourcesOf, type Synthesised, synthesise } from "../builders/synth.ts";

let synthesised: Synthesised;
let template: Template;

beforeAll(async () => {
  synthesised = await synthesise({ stage: { alarmAfterMinutesUnfinished: 45, endpoint: { alarmAfterHours: 9 } } });
  template = synthesised.template;
});
afterAll(() => synthesised.close());

/** All but the one that starts the first instance, which is for no person. */
const alarms = () =>
  resourcesOf(template, "AWS::CloudWatch::Alarm").filter(({ path }) => !path.includes("/Model/Scaling/"));
const watching = (metric: string) => alarms().filter(({ properties }) => properties.MetricName === metric);

describe("the alarms", () => {
  it("all go to the one topic, which writes to the stage's address", () => {
    const topic = { Ref: resourceOf(template, "AWS::SNS::Topic", "Alarms").id };

    expect(alarms().length).toBeGreaterThan(15);
    for (const { properties } of alarms()) expect(properties.AlarmActions).toEqual([topic]);
    template.hasResourceProperties("AWS::SNS::Subscription", {
      TopicArn: topic,
      Protocol: "email",
      Endpoint: "operations@example.org",
    });
  });

  it("are let into the topic", () => {
    const { Statement } = resourceOf(template, "AWS::SNS::TopicPolicy", "Alarms").properties.PolicyDocument;

    expect(Statement).toContainEqual(
      expect.objectContaining({
        Effect: "Allow",
        Action: "sns:Publish",
        Principal: { Service: "cloudwatch.amazonaws.com" },
      }),
    );
  });

  it("each say what they mean", () => {
    for (const { properties } of alarms()) expect(properties.AlarmDescription).toMatch(/^.{30,}\.$/);
  });

  it("go off for a dead letter in any of the queues", () => {
    const watched = watching("ApproximateNumberOfMessagesVisible").map(
      ({ properties }) => properties.Dimensions[0].Value["Fn::GetAtt"][0],
    );

    const deadLetters = resourcesOf(template, "AWS::SQS::Queue", "DeadLetters").map(({ id }) => id);
    expect(watched.sort()).toEqual(deadLetters.sort());
  });

  it("go off for errors and throttles of every function that works for clinics", () => {
    const stations = ["ingest", "crop", "finished", "api", "sweep"];
    const expected = synthesised.functions
      .filter(({ name }) => stations.includes(name))
      .map(({ logicalId }) => logicalId);

    for (const metric of ["Errors", "Throttles"]) {
      const watched = watching(metric).map(({ properties }) => properties.Dimensions[0].Value.Ref);
      expect(watched.sort()).toEqual([...expected].sort());
    }
  });

  it("go off when a grading waits too long, and when nobody says how long any waits", () => {
    expect(watching("OldestUnfinishedSeconds").map(({ properties }) => properties)).toEqual([
      expect.objectContaining({
        Namespace: "Blastograde",
        Dimensions: [{ Name: "Stage", Value: "test" }],
        Threshold: 45 * 60,
        TreatMissingData: "breaching",
      }),
    ]);
  });

  it("go off when the model fails, no instance starts, or one runs on and on", () => {
    const [without] = watching("HasBacklogWithoutCapacity");
    const [running] = watching("CPUUtilization");

    expect(watching("InvocationFailures")).toHaveLength(1);
    expect(watching("Invocation5XXErrors")).toHaveLength(1);
    expect(watching("ExpiredRequests")).toHaveLength(1);
    expect(without?.properties).toMatchObject({ EvaluationPeriods: 30, Period: 60, TreatMissingData: "notBreaching" });
    expect(running?.properties).toMatchObject({ EvaluationPeriods: 9, Period: 3600, Statistic: "SampleCount" });
  });

  it("take an instance for running on and on only when it was counted in nearly each minute of each hour", () => {
    const [running] = watching("CPUUtilization");
    const samplesWithoutPause = 60;
    const samplesWithRestart = 60 - ASSUMPTIONS.startUpMinutes.value;

    expect(running?.properties.ComparisonOperator).toBe("GreaterThanOrEqualToThreshold");
    expect(running?.properties.Threshold).toBeLessThan(samplesWithoutPause);
    expect(running?.properties.Threshold).toBeGreaterThan(samplesWithRestart);
  });

  it("go off when the API fails", () => {
    expect(watching("5XXError").map(({ properties }) => properties.Dimensions)).toEqual([
      [{ Name: "ApiName", Value: "blastograde-test" }],
    ]);
  });
});

it("says when the month gets too dear, and when it will", () => {
  const budget = resourceOf(template, "AWS::Budgets::Budget").properties;

  expect(budget.Budget).toMatchObject({
    BudgetType: "COST",
    TimeUnit: "MONTHLY",
    BudgetLimit: { Amount: 100, Unit: "USD" },
  });
  const told = budget.NotificationsWithSubscribers;
  expect(told.map((one: { Notification: { NotificationType: string } }) => one.Notification.NotificationType)).toEqual([
    "ACTUAL",
    "FORECASTED",
  ]);
  for (const { Subscribers } of told) {
    expect(Subscribers).toEqual([{ SubscriptionType: "EMAIL", Address: "operations@example.org" }]);
  }
});

it.each([
  "Uploads",
  "Gradings",
  "Rejections",
  "OldestUnfinishedSeconds",
  "ApproximateBacklogSize",
  "CPUUtilization",
  "Rejections by code; UPLOAD_EXPIRED: forms that nobody used",
  "stats count() by code",
  "Cost: ",
])("shows %s on the dashboard", (figure) => {
  const dashboard = resourceOf(template, "AWS::CloudWatch::Dashboard").properties.DashboardBody;

  expect(JSON.stringify(dashboard)).toContain(figure);
});
