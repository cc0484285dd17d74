import { Match, type Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLOUD_ENVIRONMENTS, type CloudFunction, readCloudConfig } from "../../adapters/config/cloud-config.ts";
import { deployedEnvironment, resourceOf, resourcesOf, type Synthesised, synthesise } from "../builders/synth.ts";

const FED = [
  { name: "ingest", queue: "Intake/Stored", batch: 1, concurrency: 7 },
  { name: "crop", queue: "CropJobs", batch: 1, concurrency: 10 },
  { name: "finished", queue: "Finished", batch: 10, concurrency: 5 },
];
const NAMES = ["ingest", "crop", "finished", "api", "sweep", "smoke-start", "smoke-check"];

let synthesised: Synthesised;
let template: Template;

beforeAll(async () => {
  synthesised = await synthesise({ stage: { concurrency: { ingest: 7 }, reservedConcurrency: { crop: 12 } } });
  template = synthesised.template;
});
afterAll(() => synthesised.close());

const functionOf = (name: string) => {
  const found = synthesised.functions.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no function ${name}.`);
  return found;
};
const propertiesOf = (name: string) =>
  resourcesOf(template, "AWS::Lambda::Function").find(({ id }) => id === functionOf(name).logicalId)?.properties;

describe.each(FED)("the queue of $name", ({ name, queue: path, batch, concurrency }) => {
  const queue = () => resourceOf(template, "AWS::SQS::Queue", `${path}/Queue/`);
  const deadLetters = () => resourceOf(template, "AWS::SQS::Queue", `${path}/DeadLetters/`);
  const source = () =>
    resourcesOf(template, "AWS::Lambda::EventSourceMapping").find(
      ({ properties }) => properties.FunctionName.Ref === functionOf(name).logicalId,
    );

  it("hides a message for six times as long as the function may take", () => {
    expect(queue().properties.VisibilityTimeout).toBe(6 * functionOf(name).timeoutSeconds);
  });

  it("has dead letters of its own, kept for 14 days, only after the station had time to give up itself", () => {
    const attempts = Number(functionOf(name).environment.MAX_ATTEMPTS);

    expect(queue().properties.RedrivePolicy).toEqual({
      deadLetterTargetArn: { "Fn::GetAtt": [deadLetters().id, "Arn"] },
      maxReceiveCount: attempts + 3,
    });
    expect(deadLetters().properties.MessageRetentionPeriod).toBe(14 * 24 * 3600);
    expect(functionOf(name).environment).toMatchObject({
      QUEUE_URL: { Ref: queue().id },
      DEAD_LETTER_QUEUE_URL: { Ref: deadLetters().id },
    });
  });

  it("feeds the function so many at once, and hears from it which have failed", () => {
    expect(source()?.properties).toMatchObject({
      EventSourceArn: { "Fn::GetAtt": [queue().id, "Arn"] },
      BatchSize: batch,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: concurrency },
    });
  });
});

it("encrypts every queue and topic, and refuses what does not come by TLS", () => {
  const key = { "Fn::GetAtt": [resourceOf(template, "AWS::KMS::Key").id, "Arn"] };
  const byTlsOnly = {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
      ]),
    },
  };

  template.allResourcesProperties("AWS::SQS::Queue", { KmsMasterKeyId: key });
  template.allResourcesProperties("AWS::SNS::Topic", { KmsMasterKeyId: key });
  expect(resourcesOf(template, "AWS::SQS::QueuePolicy")).toHaveLength(resourcesOf(template, "AWS::SQS::Queue").length);
  expect(resourcesOf(template, "AWS::SNS::TopicPolicy")).toHaveLength(resourcesOf(template, "AWS::SNS::Topic").length);
  template.allResourcesProperties("AWS::SQS::QueuePolicy", byTlsOnly);
  template.allResourcesProperties("AWS::SNS::TopicPolicy", byTlsOnly);
});

describe.each(NAMES)("the function %s", (name) => {
  it("runs on Node 24, x86-64, traced, with a log group of its own", () => {
    expect(propertiesOf(name)).toMatchObject({
      Runtime: "nodejs24.x",
      Architectures: ["x86_64"],
      TracingConfig: { Mode: "Active" },
      LoggingConfig: { LogGroup: { Ref: expect.any(String) } },
      KmsKeyArn: { "Fn::GetAtt": [expect.any(String), "Arn"] },
    });
  });

  it("is told exactly what its configuration reads", () => {
    const schema = name.replace(/-.*/, "") as CloudFunction;
    const { environment } = functionOf(name);

    const read = readCloudConfig(schema, deployedEnvironment(functionOf(name)));

    expect(Object.keys(environment).sort()).toEqual(Object.keys(CLOUD_ENVIRONMENTS[schema].shape).sort());
    expect(read).toMatchObject({ STAGE: "test", LOG_LEVEL: "info", BUCKET_OWNER: "123456789012" });
  });

  it("has a role that no other function has, and no policy of AWS's own", () => {
    const roleOf = (one: string) => propertiesOf(one).Role["Fn::GetAtt"][0];
    const role = resourcesOf(template, "AWS::IAM::Role").find(({ id }) => id === roleOf(name));

    expect(NAMES.filter((other) => roleOf(other) === role?.id)).toEqual([name]);
    expect(role?.properties.ManagedPolicyArns).toBeUndefined();
  });
});

it("sets executions aside only where the stage says so", () => {
  expect(propertiesOf("crop").ReservedConcurrentExecutions).toBe(12);
  for (const name of NAMES.filter((other) => other !== "crop")) {
    expect(propertiesOf(name).ReservedConcurrentExecutions).toBeUndefined();
  }
});

it("gives the crop function several times the memory it was measured to need", () => {
  const measuredMebibytes = 253;

  expect(functionOf("crop").memoryMebibytes).toBeGreaterThan(4 * measuredMebibytes);
});

it("sweeps every five minutes, one sweep at a time", () => {
  template.hasResourceProperties("AWS::Events::Rule", {
    ScheduleExpression: "rate(5 minutes)",
    Targets: [
      Match.objectLike({
        Arn: { "Fn::GetAtt": [functionOf("sweep").logicalId, "Arn"] },
        RetryPolicy: Match.objectLike({ MaximumRetryAttempts: 0 }),
      }),
    ],
  });
  expect(functionOf("sweep").timeoutSeconds).toBeLessThan(5 * 60);
});
