import type { Template } from "aws-cdk-lib/assertions";
import { CLOUD_TABLE } from "../../core/contracts/cloud-table.ts";
import type { AccessRequest } from "./iam.ts";
import { resourceOf } from "./synth.ts";
import { type CloudTemplate, TemplateStrings } from "./template-strings.ts";

/** Where a deployment's functions and its model stand in the construct tree. */
export const CONSTRUCTS = {
  ingest: "Intake/Ingest",
  crop: "Cropping/Crop",
  finished: "Grading/Finished",
  api: "Api/Http",
  sweep: "Sweeper/Sweep",
  "smoke-start": "SmokeTest/Start",
  "smoke-check": "SmokeTest/Check",
  model: "Model/Role",
} as const;

/** Folders of the bucket, as far as a role could tell one key from another. */
const FOLDERS = [
  ...["uploads/north", "time-lapses/north", "clips/north", "clips/smoke-test", "previews/north", "predictions/north"],
  ...["predictions/smoke-test", "explanations/north", "calibrators", "failures"],
] as const;

const QUEUES = ["stored", "crop", "finished"] as const;

/** The ARNs of what is deployed, as a template's policies write them. */
export function arnsOf(template: Template) {
  const strings = new TemplateStrings(template.toJSON() as CloudTemplate);
  const arn = (type: string, part: string) => strings.arnOf(resourceOf(template, type, part).id);
  const queues = (kind: "Queue" | "DeadLetters") => ({
    stored: arn("AWS::SQS::Queue", `/Intake/Stored/${kind}/`),
    crop: arn("AWS::SQS::Queue", `/CropJobs/${kind}/`),
    finished: arn("AWS::SQS::Queue", `/Finished/${kind}/`),
  });
  return {
    bucket: arn("AWS::S3::Bucket", "/Storage/Bucket/"),
    accessLogs: arn("AWS::S3::Bucket", "/Storage/AccessLogs/"),
    table: arn("AWS::DynamoDB::Table", "/Gradings/Table/"),
    key: arn("AWS::KMS::Key", "/Key/Key/"),
    endpoint: arn("AWS::SageMaker::Endpoint", "/Model/Endpoint"),
    notifications: arn("AWS::SNS::Topic", "/Model/Notifications/"),
    alarms: arn("AWS::SNS::Topic", "/Alarms/Topic/"),
    queues: queues("Queue"),
    deadLetters: queues("DeadLetters"),
    logs: mapped(CONSTRUCTS, (path) => arn("AWS::Logs::LogGroup", `/${path}/Logs/`)),
    functions: mapped(functionConstructs(), (path) => arn("AWS::Lambda::Function", `/${path}/Function/`)),
  };
}

/**
 * Whatever a role could ask for in and around a deployment, under names as short as `s3:GetObject clips/north`: what is right
 * for some role, and what is right for none.
 */
export function requestsTo(template: Template): ReadonlyMap<string, AccessRequest> {
  const arns = arnsOf(template);
  const requests = new Map<string, AccessRequest>();
  const add = (names: string, place: string, resource: string, context?: AccessRequest["context"]) => {
    const [service, actions] = names.split(":") as [string, string];
    for (const name of actions.split(" ")) {
      const action = `${service}:${name}`;
      requests.set(`${action} ${place}`.trim(), { action, resource, ...(context && { context }) });
    }
  };
  const besides = (arn: string) => arn.replace(/[^:/]+$/, "another");

  for (const folder of FOLDERS) {
    const key = `${folder}/1`;
    add("s3:GetObject GetObjectVersion PutObject AbortMultipartUpload", folder, `${arns.bucket}/${key}`);
    add("s3:DeleteObject DeleteObjectVersion PutObjectAcl PutObjectRetention", folder, `${arns.bucket}/${key}`);
    // With the key as its prefix S3 also asks whether it may say that an object is not there (404) rather than denied (403).
    add("s3:ListBucket", folder, arns.bucket, { "s3:prefix": key });
  }
  add("s3:ListBucket ListBucketVersions DeleteBucket", "the bucket", arns.bucket);
  add("s3:PutBucketPolicy PutLifecycleConfiguration PutBucketVersioning", "the bucket", arns.bucket);
  add("s3:GetObject PutObject DeleteObject", "access logs", `${arns.accessLogs}/objects/1`);
  add("s3:GetObject PutObject", "another stage", "arn:aws:s3:::blastograde-another/uploads/north/1");

  const reads = "GetItem Query BatchGetItem Scan PartiQLSelect";
  const rows = `dynamodb:${reads} PutItem UpdateItem DeleteItem BatchWriteItem PartiQLDelete`;
  add(`${rows} DeleteTable UpdateTable UpdateContinuousBackups ExportTableToPointInTime`, "the table", arns.table);
  add(rows, "another table", besides(arns.table));
  for (const { name } of Object.values(CLOUD_TABLE.indexes))
    add("dynamodb:Query Scan", name, `${arns.table}/index/${name}`);

  const messages =
    "sqs:SendMessage ReceiveMessage DeleteMessage ChangeMessageVisibility GetQueueAttributes GetQueueUrl";
  for (const queue of QUEUES) {
    for (const [place, arn] of [
      [queue, arns.queues[queue]],
      [`dead ${queue}`, arns.deadLetters[queue]],
    ] as const) {
      add(`${messages} PurgeQueue SetQueueAttributes DeleteQueue`, place, arn);
    }
  }
  add(messages, "another queue", besides(arns.queues.crop));
  for (const topic of ["notifications", "alarms"] as const) {
    add("sns:Publish Subscribe SetTopicAttributes", topic, arns[topic]);
  }

  const endpoint = "sagemaker:InvokeEndpointAsync InvokeEndpoint UpdateEndpoint DeleteEndpoint";
  add(endpoint, "the endpoint", arns.endpoint);
  add(endpoint, "another endpoint", besides(arns.endpoint));
  const key = "kms:Decrypt GenerateDataKey Encrypt ReEncryptFrom ReEncryptTo DescribeKey";
  add(`${key} CreateGrant PutKeyPolicy DisableKey ScheduleKeyDeletion`, "the key", arns.key);
  add(key, "another key", besides(arns.key));
  for (const [name, arn] of Object.entries(arns.logs)) {
    const stream = arn.replace(/\*$/, "log-stream:1");
    add("logs:CreateLogStream DescribeLogStreams PutLogEvents GetLogEvents DeleteLogStream", `of ${name}`, stream);
  }
  for (const [name, arn] of Object.entries(arns.functions)) {
    add("lambda:InvokeFunction UpdateFunctionCode UpdateFunctionConfiguration", name, arn);
  }

  add("xray:PutTraceSegments PutTelemetryRecords GetTraceSummaries", "", "*");
  add("cloudwatch:PutMetricData", "as SageMaker", "*", { "cloudwatch:namespace": "AWS/SageMaker" });
  add("cloudwatch:PutMetricData", "as ours", "*", { "cloudwatch:namespace": "Blastograde" });
  add("ecr:GetAuthorizationToken", "", "*");
  add("ecr:BatchGetImage GetDownloadUrlForLayer BatchCheckLayerAvailability PutImage", "the image", repository());
  add("s3:GetObject PutObject", "the model", modelOf(template));
  add("iam:PassRole CreateRole PutRolePolicy AttachRolePolicy", "any role", "arn:aws:iam::{AccountId}:role/any");
  add("sts:AssumeRole", "any role", "arn:aws:iam::{AccountId}:role/any");
  add("secretsmanager:GetSecretValue", "any", "arn:aws:secretsmanager:{Region}:{AccountId}:secret:any");
  add("execute-api:Invoke", "the API", "arn:aws:execute-api:{Region}:{AccountId}:api/v1/GET/v1/embryos");
  add("ec2:CreateNetworkInterface DeleteNetworkInterface DescribeSubnets", "", "*");
  return requests;
}

function repository(): string {
  return "arn:aws:ecr:{Region}:{AccountId}:repository/cdk-hnb659fds-container-assets-{AccountId}-{Region}";
}

/** The archive of the model, as the endpoint is told of it. */
function modelOf(template: Template): string {
  const { ModelDataSource } = resourceOf(template, "AWS::SageMaker::Model").properties.PrimaryContainer;
  const place = new TemplateStrings(template.toJSON() as CloudTemplate).resolve(ModelDataSource.S3DataSource.S3Uri);
  return place.replace("s3://", "arn:aws:s3:::");
}

function functionConstructs() {
  const { model: _, ...functions } = CONSTRUCTS;
  return functions;
}

function mapped<Name extends string>(paths: Readonly<Record<Name, string>>, arnAt: (path: string) => string) {
  const entries = Object.entries<string>(paths).map(([name, path]) => [name, arnAt(path)]);
  return Object.fromEntries(entries) as Record<Name, string>;
}
