import { Match, type Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resourceOf, resourcesOf, type Synthesised, synthesise } from "../builders/synth.ts";

let synthesised: Synthesised;
let template: Template;

beforeAll(async () => {
  synthesised = await synthesise({ stage: { endpoint: { maxInstances: 6, concurrentClips: 3 } } });
  template = synthesised.template;
});
afterAll(() => synthesised.close());

const config = () => resourceOf(template, "AWS::SageMaker::EndpointConfig").properties;

describe("the endpoint", () => {
  it("starts the image of the model server without a network, with the bundle as an archive", () => {
    template.hasResourceProperties("AWS::SageMaker::Model", {
      EnableNetworkIsolation: true,
      PrimaryContainer: {
        Environment: Match.objectLike({ DEVICE: "cuda" }),
        ModelDataSource: {
          S3DataSource: {
            CompressionType: "Gzip",
            S3DataType: "S3Object",
            S3Uri: { "Fn::Sub": Match.stringLikeRegexp("^s3://.*/[0-9a-f]{64}\\.gz$") },
          },
        },
      },
    });
  });

  it("runs on a GPU with a driver for CUDA 12, and waits for weights and networks", () => {
    expect(config().ProductionVariants).toEqual([
      expect.objectContaining({
        InstanceType: "ml.g4dn.xlarge",
        InferenceAmiVersion: "al2023-ami-sagemaker-inference-gpu-4-1",
        InitialInstanceCount: 1,
        ContainerStartupHealthCheckTimeoutInSeconds: 600,
        ModelDataDownloadTimeoutInSeconds: 600,
      }),
    ]);
  });

  it("names no key for the instances' disks, which SageMaker refuses where they are local NVMe", () => {
    expect(config()).not.toHaveProperty("KmsKeyId");
  });

  it("writes into the bucket where each request says, encrypted, and tells one topic of success and failure", () => {
    const bucket = { Ref: resourceOf(template, "AWS::S3::Bucket", "Storage/Bucket").id };
    const topic = { Ref: resourceOf(template, "AWS::SNS::Topic", "Model/Notifications").id };

    expect(config().AsyncInferenceConfig).toEqual({
      ClientConfig: { MaxConcurrentInvocationsPerInstance: 3 },
      OutputConfig: {
        S3OutputPath: { "Fn::Join": ["", ["s3://", bucket]] },
        S3FailurePath: { "Fn::Join": ["", ["s3://", bucket, "/failures"]] },
        KmsKeyId: { "Fn::GetAtt": [resourceOf(template, "AWS::KMS::Key").id, "Arn"] },
        NotificationConfig: {
          SuccessTopic: topic,
          ErrorTopic: topic,
          IncludeInferenceResponseIn: ["ERROR_NOTIFICATION_TOPIC"],
        },
      },
    });
  });

  it("has its notifications delivered as they are to the grade station's queue, and takes no other topic's", () => {
    const topic = { Ref: resourceOf(template, "AWS::SNS::Topic", "Model/Notifications").id };
    const queue = resourceOf(template, "AWS::SQS::Queue", "Finished/Queue/");

    template.hasResourceProperties("AWS::SNS::Subscription", {
      TopicArn: topic,
      Protocol: "sqs",
      Endpoint: { "Fn::GetAtt": [queue.id, "Arn"] },
      RawMessageDelivery: true,
    });
    const { Statement } = resourceOf(template, "AWS::SQS::QueuePolicy", "Finished/Queue/").properties.PolicyDocument;
    expect(Statement).toContainEqual(
      expect.objectContaining({
        Effect: "Allow",
        Principal: { Service: "sns.amazonaws.com" },
        Condition: { ArnEquals: { "aws:SourceArn": topic } },
      }),
    );
  });

  it("goes back to the old model when the new one fails, and not when it refuses the old cropper's clips", () => {
    const { DeploymentConfig } = resourceOf(template, "AWS::SageMaker::Endpoint").properties;
    const metricOf = ({ AlarmName }: { AlarmName: { Ref: string } }) =>
      resourcesOf(template, "AWS::CloudWatch::Alarm").find(({ id }) => id === AlarmName.Ref)?.properties.MetricName;

    expect(DeploymentConfig.AutoRollbackConfiguration.Alarms.map(metricOf)).toEqual(["Invocation5XXErrors"]);
  });

  it("is there before a function is told of it or may ask it", () => {
    const endpoint = resourceOf(template, "AWS::SageMaker::Endpoint").id;
    const variablesOf = (path: string) =>
      resourceOf(template, "AWS::Lambda::Function", path).properties.Environment.Variables;
    const policies = resourcesOf(template, "AWS::IAM::Policy").flatMap(({ properties }) =>
      properties.PolicyDocument.Statement.filter(
        ({ Action }: { Action: string }) => Action === "sagemaker:InvokeEndpointAsync",
      ),
    );

    for (const path of ["/Crop/Function/", "/Start/Function/", "/Check/Function/"]) {
      expect(variablesOf(path).ENDPOINT_NAME).toEqual({ "Fn::GetAtt": [endpoint, "EndpointName"] });
    }
    expect(policies.map(({ Resource }) => Resource)).toEqual([{ Ref: endpoint }, { Ref: endpoint }]);
  });
});

describe("its instances", () => {
  it("are none at least, and as many as the stage says", () => {
    template.hasResourceProperties("AWS::ApplicationAutoScaling::ScalableTarget", {
      ServiceNamespace: "sagemaker",
      ScalableDimension: "sagemaker:variant:DesiredInstanceCount",
      ResourceId: "endpoint/blastograde-test-g4dn-xlarge/variant/main",
      MinCapacity: 0,
      MaxCapacity: 6,
    });
  });

  it("start from none when a clip waits without capacity", () => {
    const policy = resourceOf(template, "AWS::ApplicationAutoScaling::ScalingPolicy", "FirstInstance");

    expect(policy.properties).toMatchObject({
      PolicyType: "StepScaling",
      StepScalingPolicyConfiguration: {
        AdjustmentType: "ChangeInCapacity",
        StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
      },
    });
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: "HasBacklogWithoutCapacity",
      Threshold: 1,
      AlarmActions: [{ "Fn::GetAtt": [policy.id, "Arn"] }],
    });
  });

  it("follow the backlog of each", () => {
    template.hasResourceProperties("AWS::ApplicationAutoScaling::ScalingPolicy", {
      PolicyType: "TargetTrackingScaling",
      TargetTrackingScalingPolicyConfiguration: Match.objectLike({
        CustomizedMetricSpecification: Match.objectLike({ MetricName: "ApproximateBacklogSizePerInstance" }),
      }),
    });
  });
});

describe("another instance type", () => {
  it("is another endpoint, with what scales it, since SageMaker changes the type of none that is scaled", async () => {
    const other = await synthesise({ stage: { endpoint: { instanceType: "ml.g5.16xlarge" } } });
    await other.close();

    const named = ({ template: of }: Pick<Synthesised, "template">) => ({
      endpoint: resourceOf(of, "AWS::SageMaker::Endpoint").properties.EndpointName,
      target: resourceOf(of, "AWS::ApplicationAutoScaling::ScalableTarget").properties.ResourceId,
      policies: resourcesOf(of, "AWS::ApplicationAutoScaling::ScalingPolicy").map(
        ({ properties }) => properties.PolicyName,
      ),
    });
    const namesOf = (name: string) => ({
      endpoint: name,
      target: `endpoint/${name}/variant/main`,
      policies: [`${name}-backlog`, `${name}-first-instance`],
    });
    expect(named(synthesised)).toEqual(namesOf("blastograde-test-g4dn-xlarge"));
    expect(named(other)).toEqual(namesOf("blastograde-test-g5-16xlarge"));
  });

  it("has its endpoint before the target, and its target before the policies", () => {
    const target = resourceOf(template, "AWS::ApplicationAutoScaling::ScalableTarget");
    const policies = resourcesOf(template, "AWS::ApplicationAutoScaling::ScalingPolicy");

    expect(target.dependsOn).toContain(resourceOf(template, "AWS::SageMaker::Endpoint").id);
    for (const { properties } of policies) expect(properties.ScalingTargetId).toEqual({ Ref: target.id });
  });
});

describe("the smoke grading", () => {
  it("is asked for after the endpoint, whenever model or endpoint have changed", () => {
    const grading = resourceOf(template, "Custom::SmokeGrading");
    const { id } = resourceOf(template, "AWS::SageMaker::EndpointConfig");

    expect(grading.dependsOn).toContain(resourceOf(template, "AWS::SageMaker::Endpoint").id);
    expect(grading.properties).toMatchObject({
      modelSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      revision: { "Fn::GetAtt": [id, "EndpointConfigName"] },
    });
  });

  it("gives up before CloudFormation does, which waits an hour", () => {
    const [machine] = resourcesOf(template, "AWS::StepFunctions::StateMachine");
    const definition = JSON.stringify(machine?.properties.DefinitionString);

    const [, interval, attempts] = /IntervalSeconds\\+":(\d+),\\+"MaxAttempts\\+":(\d+)/.exec(definition) ?? [];
    expect(Number(interval) * Number(attempts)).toBeLessThan(3600);
    expect(Number(interval) * Number(attempts)).toBeGreaterThan(1800);
  });
});

it("packs the bundle into the same archive each time", async () => {
  const again = await synthesise();

  const uriOf = (one: Template) => resourceOf(one, "AWS::SageMaker::Model").properties.PrimaryContainer;
  expect(uriOf(again.template)).toEqual(uriOf(template));
  await again.close();
});
