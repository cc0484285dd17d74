import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  HttpMethods,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { SMOKE_CLINIC } from "../core/contracts/identifiers.ts";
import { acknowledgeWildcard } from "./acknowledge.ts";
import type { StationQueue } from "./queues.ts";
import type { Stage } from "./stage.ts";

/** A folder of the bucket; see `core/stations/keys.ts`. */
export type Folder =
  | `${"clips" | "predictions"}/${typeof SMOKE_CLINIC}`
  | "uploads"
  | "time-lapses"
  | "clips"
  | "previews"
  | "predictions"
  | "explanations"
  | "calibrators"
  | "failures";

export interface StorageProps {
  readonly key: IKey;
  readonly retentionDays: Stage["retentionDays"];
  /** Pages of these origins may post uploads. */
  readonly browserOrigins: readonly string[];
}

/** Whoever writes an object in parts (SageMaker; an operator's `aws s3 cp`) is done within hours. Parts cost as objects do, and no list shows them. */
const ABANDONED_AFTER = Duration.days(2);
/** The smoke grading's answer, which nobody looks at again. */
const SMOKE_DAYS = 1;

/**
 * The object store: ONE bucket with a folder a kind. The ports know one key space, SageMaker writes where it has read, and
 * what would differ between buckets (who may do what, and for how long objects are kept) S3 tells apart by prefix.
 */
export class Storage extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { key, retentionDays, browserOrigins }: StorageProps) {
    super(scope, id);
    const common = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
    };
    const accessLogs = new Bucket(this, "AccessLogs", {
      ...common,
      // S3 delivers its access logs to no bucket with a customer-managed key.
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ id: "logs", expiration: Duration.days(retentionDays.logs) }],
    });
    this.bucket = new Bucket(this, "Bucket", {
      ...common,
      versioned: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      serverAccessLogsBucket: accessLogs as IBucket,
      serverAccessLogsPrefix: "objects/",
      lifecycleRules: lifecycle(retentionDays),
      cors: cors(browserOrigins),
    });
  }

  /**
   * Each object stored under `uploads/` becomes a message. Written into the bucket itself, which spares the function that
   * the CDK would deploy for it; the queue's policy therefore names the account and not the bucket, which does not exist yet.
   */
  announceUploads({ queue }: StationQueue): void {
    const bucket = this.bucket.node.defaultChild as CfnBucket;
    bucket.notificationConfiguration = {
      queueConfigurations: [
        {
          event: "s3:ObjectCreated:*",
          queue: queue.queueArn,
          filter: { s3Key: { rules: [{ name: "prefix", value: "uploads/" }] } },
        },
      ],
    };
    bucket.node.addDependency(queue.node.findChild("Policy"));
  }

  /**
   * Objects of these folders in any version, and to be told that one is not there rather than that it is denied: for that S3
   * asks for the right to list. Whether it then fills `s3:prefix` with the key is documented nowhere; `IfExists` is right
   * either way, at the price that a list of the whole bucket, which names clinics and gradings and no more, is not refused.
   */
  allowRead(role: Role, ...folders: readonly Folder[]): void {
    this.allow(role, ["s3:GetObject", "s3:GetObjectVersion"], folders);
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["s3:ListBucket"],
        resources: [this.bucket.bucketArn],
        conditions: { StringLikeIfExists: { "s3:prefix": folders.map((folder) => `${folder}/*`) } },
      }),
    );
  }

  allowWrite(role: Role, ...folders: readonly Folder[]): void {
    this.allow(role, ["s3:PutObject"], folders);
  }

  /** As SageMaker does, which sends what is long in parts and takes them back when that fails. */
  allowWriteInParts(role: Role, ...folders: readonly Folder[]): void {
    this.allow(role, ["s3:PutObject", "s3:AbortMultipartUpload"], folders);
  }

  private allow(role: Role, actions: string[], folders: readonly Folder[]): void {
    const resources = folders.map((folder) => this.bucket.arnForObjects(`${folder}/*`));
    role.addToPrincipalPolicy(new PolicyStatement({ actions, resources }));
    const bucket = `<${Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket)}.Arn>`;
    for (const folder of folders) {
      acknowledgeWildcard(
        role,
        `Resource::${bucket}/${folder}/*`,
        "Keys below a folder hold clinic and grading ids, which are made while it runs; the folder is the narrowest name.",
      );
    }
  }
}

function lifecycle(retentionDays: Stage["retentionDays"]): LifecycleRule[] {
  const { logs: _, noncurrentVersions, ...folders } = retentionDays;
  const expiring = Object.entries({ ...folders, [`predictions/${SMOKE_CLINIC}`]: SMOKE_DAYS }).flatMap(
    ([folder, days]) =>
      days === undefined ? [] : [{ id: folder, prefix: `${folder}/`, expiration: Duration.days(days) }],
  );
  return [
    ...expiring,
    {
      id: "noncurrent-versions",
      noncurrentVersionExpiration: Duration.days(noncurrentVersions),
      abortIncompleteMultipartUploadAfter: ABANDONED_AFTER,
      expiredObjectDeleteMarker: true,
    },
  ];
}

function cors(browserOrigins: readonly string[]) {
  if (browserOrigins.length === 0) return [];
  return [
    { allowedMethods: [HttpMethods.POST], allowedOrigins: [...browserOrigins], allowedHeaders: ["*"], maxAge: 3600 },
  ];
}
