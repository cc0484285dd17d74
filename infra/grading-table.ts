import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { CLOUD_TABLE } from "../core/contracts/cloud-table.ts";

type Index = keyof typeof CLOUD_TABLE.indexes;
type RowAction = "GetItem" | "PutItem" | "Query";

export interface GradingTableProps {
  readonly key: IKey;
}

/** Gradings and records, the one thing that cannot be computed again: kept when the stack goes, and for 35 days as it was. */
export class GradingTable extends Construct {
  readonly table: Table;
  private readonly key: IKey;

  constructor(scope: Construct, id: string, { key }: GradingTableProps) {
    super(scope, id);
    this.key = key;
    const text = (name: string) => ({ name, type: AttributeType.STRING });
    this.table = new Table(this, "Table", {
      partitionKey: text(CLOUD_TABLE.partitionKey),
      sortKey: text(CLOUD_TABLE.sortKey),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    for (const { name, partitionKey, sortKey } of Object.values(CLOUD_TABLE.indexes)) {
      this.table.addGlobalSecondaryIndex({
        indexName: name,
        partitionKey: text(partitionKey),
        sortKey: text(sortKey),
        projectionType: ProjectionType.ALL,
      });
    }
  }

  /** These actions on rows, and queries of these indexes. */
  allow(role: Role, actions: readonly RowAction[], indexes: readonly Index[] = []): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [this.table.tableArn],
      }),
    );
    // DynamoDB uses the key with the rights of whoever asks for rows.
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["kms:Encrypt", "kms:DescribeKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
        resources: [this.key.keyArn],
      }),
    );
    if (indexes.length === 0) return;
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["dynamodb:Query"],
        resources: indexes.map((index) => `${this.table.tableArn}/index/${CLOUD_TABLE.indexes[index].name}`),
      }),
    );
  }
}
