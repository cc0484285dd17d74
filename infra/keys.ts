import { Aws, RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Alias, Key } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";

export interface DataKeyProps {
  readonly stageName: string;
}

/**
 * The one customer-managed key of objects, rows, messages and logs, turned over each year. One and not one a kind: whoever
 * may read a clip may also read the message that announces it, and each key costs as much as a month of small traffic.
 */
export class DataKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string, { stageName }: DataKeyProps) {
    super(scope, id);
    this.key = new Key(this, "Key", {
      description: `Blastograde ${stageName}: objects, rows, messages and logs`,
      enableKeyRotation: true,
      // Without the key nothing that is kept can be read again.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new Alias(this, "Alias", { aliasName: `alias/blastograde-${stageName}`, targetKey: this.key });
    this.admitServices();
    this.admitLogs();
  }

  /** S3 announces uploads to a queue, topics deliver to one, alarms go to a topic: all of them encrypted with this key. */
  private admitServices(): void {
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: ["s3", "sns", "cloudwatch"].map((name) => new ServicePrincipal(`${name}.amazonaws.com`)),
        actions: ["kms:Decrypt", "kms:GenerateDataKey"],
        resources: ["*"],
        // "If exists": not each of them tells KMS whom it works for. Queues and topics name their senders themselves.
        conditions: { StringEqualsIfExists: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
      }),
    );
  }

  private admitLogs(): void {
    const groups = Stack.of(this).formatArn({ service: "logs", resource: "log-group:*" });
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
        actions: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        resources: ["*"],
        conditions: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": groups } },
      }),
    );
  }
}
