import { CustomResource, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { CfnFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Provider } from "aws-cdk-lib/custom-resources";
import { Construct } from "constructs";
import { SMOKE_CLINIC } from "../core/contracts/identifiers.ts";
import { acknowledge, acknowledgeWildcard } from "./acknowledge.ts";
import type { ModelBundle } from "./model-bundle.ts";
import type { ModelEndpoint } from "./model-endpoint.ts";
import { type StationDefaults, StationFunction, type StationFunctionProps } from "./station-function.ts";
import type { Storage } from "./storage.ts";

/** An instance may have to start first; CloudFormation waits for an hour and no longer. */
const GIVE_UP_AFTER = Duration.minutes(59);
const LOOK_EVERY = Duration.seconds(30);

export interface SmokeTestProps extends StationDefaults {
  readonly storage: Storage;
  readonly bundle: ModelBundle;
  readonly endpoint: ModelEndpoint;
}

/**
 * Grades a canned clip after each deployment that changed model, image or endpoint, and fails the deployment when the answer
 * or the model's digest is wrong: an endpoint's update can roll back and say nothing, and at no instance nothing else proves
 * that it works.
 */
export class SmokeTest extends Construct {
  readonly start: StationFunction;
  readonly check: StationFunction;

  constructor(scope: Construct, id: string, props: SmokeTestProps) {
    super(scope, id);
    const { storage, bundle, endpoint, key } = props;
    const smoke = (name: string, file: string, rest: Pick<StationFunctionProps, "description" | "besides">) =>
      new StationFunction(this, name, {
        ...props,
        ...rest,
        entry: `functions/smoke/${file}.ts`,
        timeout: Duration.minutes(1),
        memoryMebibytes: 512,
        environment: {
          ...props.environment,
          ENDPOINT_NAME: endpoint.deployedName,
          MODEL_SHA256: bundle.manifest.modelSha256,
        },
      });
    this.start = smoke("Start", "start", {
      description: "Asks the endpoint to grade a canned clip",
      besides: [{ from: bundle.canned.clip, to: "canned-clip.npz" }],
    });
    this.check = smoke("Check", "check", {
      description: "Holds the grading of the canned clip to what it has to be",
      besides: [{ from: bundle.canned.prediction, to: "canned-prediction.json" }],
    });
    storage.allowWrite(this.start.role, `clips/${SMOKE_CLINIC}`);
    endpoint.allowInvoke(this.start.role);
    // A failure's place SageMaker chooses itself.
    storage.allowRead(this.check.role, `predictions/${SMOKE_CLINIC}`, "failures");

    const logs = new LogGroup(this, "ProviderLogs", {
      retention: props.logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const provider = new Provider(this, "Provider", {
      onEventHandler: this.start.lambda,
      isCompleteHandler: this.check.lambda,
      queryInterval: LOOK_EVERY,
      totalTimeout: GIVE_UP_AFTER,
      logGroup: logs,
      providerFunctionEnvEncryption: key,
    });
    const grading = new CustomResource(this, "Grading", {
      resourceType: "Custom::SmokeGrading",
      serviceToken: provider.serviceToken,
      // Whatever changes here makes the next deployment grade again.
      properties: { modelSha256: bundle.manifest.modelSha256, revision: endpoint.revision },
    });
    grading.node.addDependency(endpoint);
    this.acknowledgeProvider(provider);
  }

  private acknowledgeProvider(provider: Provider): void {
    const reason = "The CDK's own provider framework: its functions call the two smoke functions and nothing else.";
    acknowledge(
      provider,
      "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
      reason,
    );
    acknowledge(provider, "SF1", "It waits and looks again; what it finds each time is in the two functions' logs.");
    acknowledge(provider, "SF2", "It waits and looks again; each look is traced by the function that looks.");
    const called = [
      this.start.lambda,
      this.check.lambda,
      ...["framework-isComplete", "framework-onTimeout"].map((name) => provider.node.findChild(name)),
    ];
    for (const { node } of called) {
      const id = Stack.of(this).getLogicalId(node.defaultChild as CfnFunction);
      acknowledgeWildcard(provider, `Resource::<${id}.Arn>:*`, "The framework may call any version of its functions.");
    }
  }
}
