import type { BundleManifest } from "../../core/contracts/bundle.ts";
import { TEST_AWS } from "./aws-environment.ts";
import type { FunctionName } from "./cloud-bundles.ts";
import type { CloudServers } from "./cloud-servers.ts";
import type { AwsService } from "./cloud-wire.ts";

export type QueueName = "stored" | "crop" | "finished";

/** Sessions of the roles that speak for two clinics, and of one that speaks for none. */
export const CLINIC_ROLES = {
  north: "arn:aws:sts::111122223333:assumed-role/north-uploads/session",
  south: "arn:aws:sts::111122223333:assumed-role/south-uploads/session",
  nobody: "arn:aws:sts::111122223333:assumed-role/accounting/session",
};
const CLINICS = {
  north: { principals: ["arn:aws:iam::111122223333:role/clinics/north-uploads"] },
  south: { principals: ["arn:aws:iam::111122223333:role/clinics/south-uploads"] },
};

export interface CloudEnvironments {
  readonly bucket: string;
  readonly bucketOwner: string;
  readonly table: string;
  readonly queues: Readonly<Record<QueueName, { readonly url: string; readonly deadLettersUrl: string }>>;
  /** Each function's variables, with the services where `urls` says. */
  ofFunctions(urls: Readonly<Record<AwsService, string>>): Readonly<Record<FunctionName, Record<string, string>>>;
}

const BUCKET = "blastograde-test-objects";
const TABLE = "blastograde-test-gradings";
const MAX_ATTEMPTS = 5;

/** Makes what infra makes (bucket, table, queues and their dead letters) and tells the functions of it as infra does. */
export async function cloudEnvironments(servers: CloudServers, manifest: BundleManifest): Promise<CloudEnvironments> {
  await Promise.all([servers.createBucket(BUCKET), servers.createTable(TABLE)]);
  const [stored, crop, finished] = await Promise.all([
    createQueue(servers, "stored"),
    createQueue(servers, "crop"),
    createQueue(servers, "finished"),
  ]);
  return {
    bucket: BUCKET,
    bucketOwner: TEST_AWS.account,
    table: TABLE,
    queues: { stored, crop, finished },
    ofFunctions(urls) {
      // As each function calls them: on the wire.
      const wired = (url: string) => `${urls.sqs}${new URL(url).pathname}`;
      const common = {
        ...servers.environment,
        AWS_ENDPOINT_URL_S3: urls.s3,
        AWS_ENDPOINT_URL_SQS: urls.sqs,
        AWS_ENDPOINT_URL_DYNAMODB: urls.dynamodb,
        AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: urls.sagemaker,
        STAGE: "test",
        LOG_LEVEL: "info",
        BUCKET_NAME: BUCKET,
        BUCKET_OWNER: TEST_AWS.account,
      };
      const table = { TABLE_NAME: TABLE };
      const consumer = ({ url, deadLettersUrl }: { url: string; deadLettersUrl: string }) => ({
        QUEUE_URL: wired(url),
        DEAD_LETTER_QUEUE_URL: wired(deadLettersUrl),
        MAX_ATTEMPTS: String(MAX_ATTEMPTS),
      });
      const endpoint = { ENDPOINT_NAME: "blastograde-test" };
      const smoke = { ...common, ...endpoint, MODEL_SHA256: manifest.modelSha256 };
      return {
        ingest: { ...common, ...table, ...consumer(stored), CROP_QUEUE_URL: wired(crop.url) },
        crop: {
          ...common,
          ...table,
          ...consumer(crop),
          ...endpoint,
          CROPPER_SHA256: manifest.networks.cropper.sha256,
        },
        finished: { ...common, ...table, ...consumer(finished) },
        api: { ...common, ...table, CLINICS: JSON.stringify(CLINICS), DEMO: String(manifest.demo) },
        sweep: {
          ...common,
          ...table,
          STORED_QUEUE_URL: wired(stored.url),
          STORED_DEAD_LETTER_QUEUE_URL: wired(stored.deadLettersUrl),
          CROP_QUEUE_URL: wired(crop.url),
          CROP_DEAD_LETTER_QUEUE_URL: wired(crop.deadLettersUrl),
          FINISHED_QUEUE_URL: wired(finished.url),
          FINISHED_DEAD_LETTER_QUEUE_URL: wired(finished.deadLettersUrl),
        },
        smokeStart: smoke,
        smokeCheck: smoke,
      };
    },
  };
}

async function createQueue(servers: CloudServers, name: QueueName) {
  const deadLettersUrl = await servers.createQueue(`${name}-dead-letters`);
  const url = await servers.createQueue(name, {
    VisibilityTimeout: "360",
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:${TEST_AWS.region}:${TEST_AWS.account}:${name}-dead-letters`,
      maxReceiveCount: MAX_ATTEMPTS + 3,
    }),
  });
  return { url, deadLettersUrl };
}
