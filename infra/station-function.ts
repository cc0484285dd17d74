import { type Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Architecture, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { acknowledgeWildcard } from "./acknowledge.ts";
import { type BundledFile, bundling, type NativeModule } from "./function-bundle.ts";
import type { PrivateNetwork } from "./private-network.ts";

/** What all functions of a deployment share. */
export interface StationDefaults {
  readonly key: IKey;
  readonly logRetentionDays: RetentionDays;
  /** The network they run in. @default none of ours */
  readonly network?: PrivateNetwork | undefined;
  /** Variables of every function. */
  readonly environment: Record<string, string>;
}

export interface StationFunctionProps extends StationDefaults {
  /** The file that exports `handler`. */
  readonly entry: string;
  readonly description: string;
  readonly timeout: Duration;
  readonly memoryMebibytes: number;
  /** Executions set aside for it, and its most. @default as many as the account has left */
  readonly reservedConcurrency?: number | undefined;
  /** Packages with a library of their own, installed beside the code. @default none */
  readonly nativeModules?: readonly NativeModule[];
  /** Files put beside the code. @default none */
  readonly besides?: readonly BundledFile[];
}

/** A Lambda function as all of ours are: Node 24 on x86-64, one bundled module, its own role, log group and traces. */
export class StationFunction extends Construct {
  readonly lambda: NodejsFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: StationFunctionProps) {
    super(scope, id);
    const { key, network } = props;
    const logGroup = new LogGroup(this, "Logs", {
      retention: props.logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    this.allowOwnLogs(logGroup);
    this.allowTraces();
    this.allowKey(key);
    if (network !== undefined) this.allowNetwork();
    this.lambda = new NodejsFunction(this, "Function", {
      description: props.description,
      entry: props.entry,
      handler: "handler",
      runtime: Runtime.NODEJS_24_X,
      // The container's and the libraries' platform, so that a clip is the same bytes wherever it was cropped.
      architecture: Architecture.X86_64,
      timeout: props.timeout,
      memorySize: props.memoryMebibytes,
      role: this.role,
      logGroup,
      tracing: Tracing.ACTIVE,
      environment: props.environment,
      environmentEncryption: key,
      awsSdkConnectionReuse: false,
      bundling: bundling({ nativeModules: props.nativeModules ?? [], besides: props.besides ?? [] }),
      depsLockFilePath: "package-lock.json",
      ...(props.reservedConcurrency !== undefined && { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...network?.placement,
    });
  }

  private allowOwnLogs(logGroup: LogGroup): void {
    this.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [logGroup.logGroupArn],
      }),
    );
  }

  private allowTraces(): void {
    this.role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources: ["*"] }),
    );
    acknowledgeWildcard(
      this.role,
      "Resource::*",
      "X-Ray's traces, and a network's interfaces, are no resources that a policy can name.",
    );
  }

  /** What reading and writing of anything encrypted comes to: objects, rows, messages. */
  private allowKey(key: IKey): void {
    this.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:DescribeKey"],
        resources: [key.keyArn],
      }),
    );
  }

  private allowNetwork(): void {
    const interfaces = [
      "ec2:CreateNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:DeleteNetworkInterface",
    ];
    this.role.addToPrincipalPolicy(new PolicyStatement({ actions: interfaces, resources: ["*"] }));
    // Lambda makes the interfaces; the function's own code has no business with them.
    this.role.addToPrincipalPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: interfaces,
        resources: ["*"],
        conditions: {
          ArnLike: {
            "lambda:SourceFunctionArn": Stack.of(this).formatArn({ service: "lambda", resource: "function:*" }),
          },
        },
      }),
    );
  }
}
