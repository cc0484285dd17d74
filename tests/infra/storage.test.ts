import { Match, type Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLOUD_TABLE } from "../../core/contracts/cloud-table.ts";
import { resourceOf, resourcesOf, type Synthesised, synthesise } from "../builders/synth.ts";

let synthesised: Synthesised;
let template: Template;

beforeAll(async () => {
  const retentionDays = { uploads: 40, clips: 3, predictions: 500 };
  synthesised = await synthesise({ stage: { retentionDays, browserOrigins: ["https://north.example"] } });
  template = synthesised.template;
});
afterAll(() => synthesised.close());

const key = () => ({ "Fn::GetAtt": [resourceOf(template, "AWS::KMS::Key").id, "Arn"] });

describe("the key", () => {
  it("is turned over each year and outlives the stack", () => {
    template.hasResource("AWS::KMS::Key", { DeletionPolicy: "Retain", Properties: { EnableKeyRotation: true } });
  });

  it("is used by no service for another account", () => {
    const { Statement } = resourceOf(template, "AWS::KMS::Key").properties.KeyPolicy;

    const open = Statement.filter(
      ({ Principal, Condition }: { Principal: { Service?: unknown }; Condition?: unknown }) =>
        Principal.Service !== undefined && Condition === undefined,
    );
    expect(open).toEqual([]);
  });
});

describe("the object store", () => {
  it("is one bucket, versioned, encrypted with the key, and outlives the stack", () => {
    const bucket = resourceOf(template, "AWS::S3::Bucket", "Storage/Bucket");

    expect(bucket.properties).toMatchObject({
      VersioningConfiguration: { Status: "Enabled" },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: key() }, BucketKeyEnabled: true },
        ],
      },
      LoggingConfiguration: { LogFilePrefix: "objects/" },
    });
    template.allResources("AWS::S3::Bucket", { DeletionPolicy: "Retain" });
  });

  it("is public in no way, and is reached by TLS 1.2 and later only", () => {
    const all = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true };

    template.allResourcesProperties("AWS::S3::Bucket", { PublicAccessBlockConfiguration: all });
    template.allResourcesProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
          Match.objectLike({ Effect: "Deny", Condition: { NumericLessThan: { "s3:TlsVersion": 1.2 } } }),
        ]),
      },
    });
  });

  it("forgets each folder when the stage says so, and keeps what has no number", () => {
    const { Rules } = resourceOf(template, "AWS::S3::Bucket", "Storage/Bucket").properties.LifecycleConfiguration;

    const expiring = Rules.filter(
      ({ ExpirationInDays }: { ExpirationInDays?: number }) => ExpirationInDays !== undefined,
    );
    const days = expiring.map((rule: { Prefix: string; ExpirationInDays: number }) => [
      rule.Prefix,
      rule.ExpirationInDays,
    ]);
    expect(Object.fromEntries(days)).toEqual({
      "uploads/": 40,
      "time-lapses/": 14,
      "clips/": 3,
      "predictions/": 500,
      "predictions/smoke-test/": 1,
      "failures/": 30,
    });
  });

  it("forgets overwritten versions, empty markers and abandoned uploads", () => {
    const { Rules } = resourceOf(template, "AWS::S3::Bucket", "Storage/Bucket").properties.LifecycleConfiguration;

    expect(Rules).toContainEqual({
      Id: "noncurrent-versions",
      Status: "Enabled",
      NoncurrentVersionExpiration: { NoncurrentDays: 7 },
      ExpiredObjectDeleteMarker: true,
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
    });
  });

  it("tells one queue of each upload, which takes it from this account's buckets alone", () => {
    const bucket = resourceOf(template, "AWS::S3::Bucket", "Storage/Bucket");
    const queue = resourceOf(template, "AWS::SQS::Queue", "Stored/Queue");
    const policy = resourceOf(template, "AWS::SQS::QueuePolicy", "Stored/Queue");

    expect(bucket.properties.NotificationConfiguration).toEqual({
      QueueConfigurations: [
        {
          Event: "s3:ObjectCreated:*",
          Filter: { S3Key: { Rules: [{ Name: "prefix", Value: "uploads/" }] } },
          Queue: { "Fn::GetAtt": [queue.id, "Arn"] },
        },
      ],
    });
    expect(bucket.dependsOn).toContain(policy.id);
    expect(policy.properties.PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({
        Principal: { Service: "s3.amazonaws.com" },
        Condition: expect.objectContaining({ StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } }),
      }),
    );
  });

  it("lets pages of the stage's origins post uploads, and nothing else", () => {
    const { CorsRules } = resourceOf(template, "AWS::S3::Bucket", "Storage/Bucket").properties.CorsConfiguration;

    expect(CorsRules).toEqual([
      { AllowedMethods: ["POST"], AllowedOrigins: ["https://north.example"], AllowedHeaders: ["*"], MaxAge: 3600 },
    ]);
  });
});

describe("the table", () => {
  it("can be restored, is not deleted by a slip, and is encrypted with the key", () => {
    template.hasResource("AWS::DynamoDB::Table", {
      DeletionPolicy: "Retain",
      Properties: {
        BillingMode: "PAY_PER_REQUEST",
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: key() },
      },
    });
  });

  it("has the keys and indexes that the stores ask by", () => {
    const { KeySchema, GlobalSecondaryIndexes } = resourceOf(template, "AWS::DynamoDB::Table").properties;
    const schema = ({ partitionKey, sortKey }: { partitionKey: string; sortKey: string }) => [
      { AttributeName: partitionKey, KeyType: "HASH" },
      { AttributeName: sortKey, KeyType: "RANGE" },
    ];

    expect(KeySchema).toEqual(schema(CLOUD_TABLE));
    expect(GlobalSecondaryIndexes).toEqual(
      Object.values(CLOUD_TABLE.indexes).map((index) => ({
        IndexName: index.name,
        KeySchema: schema(index),
        Projection: { ProjectionType: "ALL" },
      })),
    );
  });
});

it("keeps every log group for as long as the stage says, encrypted with the key", () => {
  expect(resourcesOf(template, "AWS::Logs::LogGroup").length).toBeGreaterThan(8);
  template.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: 90, KmsKeyId: key() });
});
