import { RemovalPolicy, Stack } from "aws-cdk-lib";
import type { IRepository } from "aws-cdk-lib/aws-ecr";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Asset } from "aws-cdk-lib/aws-s3-assets";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { acknowledgeWildcard } from "./acknowledge.ts";
import type { PrivateNetwork } from "./private-network.ts";
import type { Storage } from "./storage.ts";

export interface EndpointRoleProps {
  readonly endpointName: string;
  readonly key: IKey;
  readonly storage: Storage;
  readonly notifications: ITopic;
  readonly archive: Asset;
  readonly repository: IRepository;
  readonly logRetentionDays: RetentionDays;
  readonly network: PrivateNetwork | undefined;
}

/** What SageMaker may do for the endpoint: its clips in, its predictions out, one image, one model, one topic, its logs. */
export class EndpointRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: EndpointRoleProps) {
    super(scope, id);
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("sagemaker.amazonaws.com") });
    props.storage.allowRead(this.role, "clips");
    props.storage.allowWriteInParts(this.role, "predictions", "failures");
    this.allow(["kms:Decrypt", "kms:GenerateDataKey"], props.key.keyArn);
    this.allow(["sns:Publish"], props.notifications.topicArn);
    this.allowModel(props.archive);
    this.allowImage(props.repository);
    this.allowLogs(props);
    if (props.network !== undefined) this.allowNetwork(props.network);
  }

  private allow(actions: string[], ...resources: string[]): void {
    this.role.addToPrincipalPolicy(new PolicyStatement({ actions, resources }));
  }

  private allowModel({ bucket, s3ObjectKey }: Asset): void {
    this.allow(["s3:GetObject"], bucket.arnForObjects(s3ObjectKey));
  }

  private allowImage({ repositoryArn }: IRepository): void {
    this.allow(["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"], repositoryArn);
    this.allow(["ecr:GetAuthorizationToken"], "*");
    acknowledgeWildcard(
      this.role,
      "Resource::*",
      "A registry's login, CloudWatch's metrics (held to SageMaker's namespaces) and a network's interfaces have no names.",
    );
  }

  private allowLogs({ endpointName, key, logRetentionDays }: EndpointRoleProps): void {
    const logs = new LogGroup(this, "Logs", {
      // The name that SageMaker writes to.
      logGroupName: `/aws/sagemaker/Endpoints/${endpointName}`,
      retention: logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], logs.logGroupArn);
    this.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["cloudwatch:PutMetricData"],
        resources: ["*"],
        conditions: { StringEquals: { "cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/Endpoints"] } },
      }),
    );
  }

  private allowNetwork({ modelPlacement: { subnets, securityGroupIds } }: PrivateNetwork): void {
    const own = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service: "ec2", resource, resourceName });
    this.allow(
      [
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
      ],
      own("network-interface", "*"),
      ...subnets.map((id) => own("subnet", id)),
      ...securityGroupIds.map((id) => own("security-group", id)),
    );
    acknowledgeWildcard(
      this.role,
      "Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:network-interface/*",
      "SageMaker makes the interfaces of its instances, whose ids nobody knows beforehand.",
    );
    this.allow(
      [
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeVpcs",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
      ],
      "*",
    );
  }
}
