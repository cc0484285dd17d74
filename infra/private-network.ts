import { RemovalPolicy } from "aws-cdk-lib";
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

export interface PrivateNetworkProps {
  readonly key: IKey;
  readonly logRetentionDays: RetentionDays;
}

/**
 * A network without a way out, for whoever must show that no byte of a patient crosses one that others share: two zones,
 * gateways to S3 and DynamoDB (free), interfaces to SQS and SageMaker. Off by default: the services are reached by TLS with
 * signed requests either way, and the four interfaces (two services, two zones) cost about 29 USD a month whether or not
 * anybody uploads (0.01 USD an hour each in us-east-1), and 0.01 USD a gigabyte.
 */
export class PrivateNetwork extends Construct {
  readonly vpc: IVpc;
  readonly securityGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, { key, logRetentionDays }: PrivateNetworkProps) {
    super(scope, id);
    // As its interface: the CDK's classes have optional properties that may be undefined, its interfaces have not.
    const vpc = new Vpc(this, "Vpc", {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: "isolated", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 22 }],
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: {
        ObjectStore: { service: GatewayVpcEndpointAwsService.S3 },
        Table: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    this.vpc = vpc as IVpc;
    const group = (name: string, description: string) =>
      new SecurityGroup(this, name, { vpc: this.vpc, description, allowAllOutbound: false });
    const stations = group("Stations", "Functions and model containers: out by TLS, nothing in");
    const services = group("Services", "Interfaces to SQS and SageMaker: in from the stations by TLS");
    services.addIngressRule(stations, Port.tcp(443), "From the stations");
    // To S3 and DynamoDB as well, whose addresses only the gateways' routes lead to.
    stations.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "By TLS");
    this.securityGroup = stations;
    for (const [name, service] of Object.entries({
      Sqs: InterfaceVpcEndpointAwsService.SQS,
      Endpoint: InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
    })) {
      vpc.addInterfaceEndpoint(name, { service, securityGroups: [services], open: false });
    }
    const flowLogs = new LogGroup(this, "FlowLogs", {
      retention: logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    vpc.addFlowLog("Flows", { destination: FlowLogDestination.toCloudWatchLogs(flowLogs) });
  }

  /** Where a function is put. */
  get placement() {
    return {
      vpc: this.vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [this.securityGroup],
    };
  }

  /** Where the model's instances are put. */
  get modelPlacement() {
    return {
      subnets: this.vpc.isolatedSubnets.map(({ subnetId }) => subnetId),
      securityGroupIds: [this.securityGroup.securityGroupId],
    };
  }
}
