import { Validations } from "aws-cdk-lib";
import type { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from "aws-cdk-lib/aws-sagemaker";
import { type ITopic, Subscription, SubscriptionProtocol, Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { rollbackAlarm } from "./endpoint-metrics.ts";
import { EndpointRole } from "./endpoint-role.ts";
import { EndpointScaling } from "./endpoint-scaling.ts";
import type { ModelBundle } from "./model-bundle.ts";
import { ModelImage } from "./model-image.ts";
import type { PrivateNetwork } from "./private-network.ts";
import type { StationQueue } from "./queues.ts";
import type { Stage } from "./stage.ts";
import type { Storage } from "./storage.ts";

/**
 * The newest of the images that SageMaker offers: NVIDIA's driver 580, which runs every CUDA 12 that ONNX Runtime 1.30 is
 * built for. Without a choice a g4dn gets driver 470, which ends at CUDA 11.4, and the container refuses to start.
 *
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/inference-gpu-drivers.html
 */
const INFERENCE_AMI = "al2023-ami-sagemaker-inference-gpu-4-1";
const VARIANT = "main";
/** Weights are read from S3 and networks warmed before the first answer. */
const START_SECONDS = 600;
/** How long the old fleet stays while the new one is watched, and the most a replacement may take. */
const WATCH_SECONDS = 600;
const REPLACE_SECONDS = 3600;

export interface ModelEndpointProps {
  readonly stage: Stage;
  readonly key: IKey;
  readonly bundle: ModelBundle;
  /** Where the clips lie; the endpoint reads `clips/*` and writes `predictions/*` and `failures/*`. */
  readonly storage: Storage;
  /** Hears of each prediction and of each failure. */
  readonly finished: StationQueue;
  /** @default SageMaker's own network */
  readonly network?: PrivateNetwork | undefined;
}

/**
 * The GPU endpoint: asynchronous, none running when nobody uploads. Each deployment starts one instance, whose health check
 * can fail and roll back; the smoke test then proves that it grades.
 */
export class ModelEndpoint extends Construct {
  /** Known beforehand. With the instance type in it: see `nameOf`. */
  readonly name: string;
  /** The same name, for functions that must not be told of it before the endpoint is there. */
  readonly deployedName: string;
  readonly variant = VARIANT;
  readonly endpoint: CfnEndpoint;
  readonly rollback: Alarm;
  readonly notifications: ITopic;
  /** Changes with the model, the image and the configuration. */
  readonly revision: string;

  constructor(scope: Construct, id: string, props: ModelEndpointProps) {
    super(scope, id);
    const { stage, key, storage } = props;
    this.name = nameOf(stage);
    this.notifications = this.notifyOf(key, props.finished);

    const image = new ModelImage(this, "Image");
    const { role } = new EndpointRole(this, "Role", {
      endpointName: this.name,
      key,
      storage,
      notifications: this.notifications,
      archive: props.bundle.archive,
      repository: image.asset.repository,
      logRetentionDays: stage.retentionDays.logs,
      network: props.network,
    });
    const model = new CfnModel(this, "Model", {
      executionRoleArn: role.roleArn,
      enableNetworkIsolation: true,
      primaryContainer: {
        image: image.asset.imageUri,
        // Said in full: the CDK names its assets .gz, which as a bare URL SageMaker would have to guess from.
        modelDataSource: {
          s3DataSource: {
            s3Uri: props.bundle.archive.s3ObjectUrl,
            s3DataType: "S3Object",
            compressionType: "Gzip",
          },
        },
        environment: { DEVICE: "cuda", LOG_LEVEL: stage.logLevel },
      },
      ...(props.network !== undefined && { vpcConfig: props.network.modelPlacement }),
    });
    model.node.addDependency(role);
    const config = this.configure(model, stage, storage, key);
    this.rollback = rollbackAlarm(this, this.name, VARIANT);
    this.endpoint = new CfnEndpoint(this, "Endpoint", {
      endpointName: this.name,
      endpointConfigName: config.attrEndpointConfigName,
      deploymentConfig: deployment(this.rollback),
    });
    this.deployedName = this.endpoint.attrEndpointName;
    this.revision = config.attrEndpointConfigName;
    new EndpointScaling(this, "Scaling", {
      endpointName: this.name,
      variant: VARIANT,
      endpoint: this.endpoint,
      maxInstances: stage.endpoint.maxInstances,
    });
  }

  /** To ask for gradings, which this endpoint alone gives. */
  allowInvoke(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ["sagemaker:InvokeEndpointAsync"], resources: [this.endpoint.ref] }),
    );
  }

  private notifyOf(key: IKey, finished: StationQueue): ITopic {
    const topic = new Topic(this, "Notifications", { masterKey: key, enforceSSL: true });
    new Subscription(this, "Finished", {
      topic,
      protocol: SubscriptionProtocol.SQS,
      endpoint: finished.queue.queueArn,
      rawMessageDelivery: true,
    });
    finished.admitService("sns.amazonaws.com", { ArnEquals: { "aws:SourceArn": topic.topicArn } });
    return topic;
  }

  private configure(model: CfnModel, { endpoint }: Stage, storage: Storage, key: IKey): CfnEndpointConfig {
    // Without a slash at its end: the request names folder and file, and SageMaker joins them.
    const bucket = `s3://${storage.bucket.bucketName}`;
    const config = new CfnEndpointConfig(this, "Config", {
      productionVariants: [
        {
          variantName: VARIANT,
          modelName: model.attrModelName,
          instanceType: endpoint.instanceType,
          initialInstanceCount: 1,
          initialVariantWeight: 1,
          inferenceAmiVersion: INFERENCE_AMI,
          containerStartupHealthCheckTimeoutInSeconds: START_SECONDS,
          modelDataDownloadTimeoutInSeconds: START_SECONDS,
        },
      ],
      asyncInferenceConfig: {
        clientConfig: { maxConcurrentInvocationsPerInstance: endpoint.concurrentClips },
        outputConfig: {
          s3OutputPath: bucket,
          s3FailurePath: `${bucket}/failures`,
          kmsKeyId: key.keyArn,
          notificationConfig: {
            successTopic: this.notifications.topicArn,
            errorTopic: this.notifications.topicArn,
            // Or a failure names a status and no more, and nobody learns why the container refused a clip.
            includeInferenceResponseIn: ["ERROR_NOTIFICATION_TOPIC"],
          },
        },
      },
    });
    // Of the HIPAA pack, which is a report; AwsSolutions does not ask for it.
    Validations.of(config).acknowledge({
      id: "HIPAA.Security-SageMakerEndpointConfigurationKMSKeyConfigured",
      reason:
        "SageMaker refuses a key for instances with local NVMe disks, as g4dn, g5 and g6 have; those encrypt themselves.",
    });
    return config;
  }
}

/**
 * SageMaker refuses to change the instance type of a variant that is scaled, and to rename a variant in a blue-green update.
 * So another type is another endpoint beside the old one, with a scalable target and policies of its own; CloudFormation
 * takes the old ones away once the functions know the new name.
 *
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
 */
function nameOf({ name, endpoint }: Stage): string {
  return `blastograde-${name}-${endpoint.instanceType.replace(/^ml\./, "").replaceAll(".", "-")}`;
}

function deployment({ alarmName }: Alarm): CfnEndpoint.DeploymentConfigProperty {
  return {
    blueGreenUpdatePolicy: {
      trafficRoutingConfiguration: { type: "ALL_AT_ONCE", waitIntervalInSeconds: WATCH_SECONDS },
      terminationWaitInSeconds: 0,
      maximumExecutionTimeoutInSeconds: REPLACE_SECONDS,
    },
    autoRollbackConfiguration: { alarms: [{ alarmName }] },
  };
}
