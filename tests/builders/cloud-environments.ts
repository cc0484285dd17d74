import { TEST_AWS } from "./aws-environment.ts";
import type { BundledFunctions, FunctionName } from "./cloud-bundles.ts";
import type { CloudServers } from "./cloud-servers.ts";
import type { AwsService } from "./cloud-wire.ts";

export type QueueName = "stored" | "crop" | "finished";

export interface CloudResources {
  readonly bucket: string;
  readonly bucketOwner: string;
  readonly table: string;
  readonly queues: Readonly<Record<QueueName, { readonly url: string; readonly deadLettersUrl: string }>>;
}

/** Which function each queue feeds. */
export const CONSUMERS = { stored: "ingest", crop: "crop", finished: "finished" } as const;

/** Makes what a deployment makes: bucket, table, queues and their dead letters. */
export async function createCloudResources(servers: CloudServers, bundles: BundledFunctions): Promise<CloudResources> {
  const [bucket, table] = ["blastograde-test-objects", "blastograde-test-gradings"];
  await Promise.all([servers.createBucket(bucket), servers.createTable(table)]);
  const [stored, crop, finished] = await Promise.all([
    createQueue(servers, "stored", bundles),
    createQueue(servers, "crop", bundles),
    createQueue(servers, "finished", bundles),
  ]);
  return { bucket, bucketOwner: TEST_AWS.account, table, queues: { stored, crop, finished } };
}

async function createQueue(servers: CloudServers, name: QueueName, bundles: BundledFunctions) {
  const { visibilityTimeoutSeconds, maxReceiveCount } = bundles[CONSUMERS[name]].feed!;
  const deadLettersUrl = await servers.createQueue(`${name}-dead-letters`);
  const url = await servers.createQueue(name, {
    VisibilityTimeout: String(visibilityTimeoutSeconds),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:${TEST_AWS.region}:${TEST_AWS.account}:${name}-dead-letters`,
      maxReceiveCount,
    }),
  });
  return { url, deadLettersUrl };
}

/**
 * Each function's variables: as the template has them, with what only a deployment knows, and the SDK's own for `urls`.
 *
 * @throws Error for a variable of the template that no resource here stands for
 */
export function environmentsOf(
  bundles: BundledFunctions,
  { bucket, bucketOwner, table, queues }: CloudResources,
  sdk: Readonly<Record<string, string>>,
  urls: Readonly<Record<AwsService, string>>,
): Readonly<Record<FunctionName, Record<string, string>>> {
  // As the functions call them: on the wire.
  const wired = (url: string) => `${urls.sqs}${new URL(url).pathname}`;
  const known: Record<string, string> = {
    BUCKET_NAME: bucket,
    BUCKET_OWNER: bucketOwner,
    TABLE_NAME: table,
    ENDPOINT_NAME: "blastograde-test",
  };
  for (const [name, { url, deadLettersUrl }] of Object.entries(queues)) {
    known[`${name.toUpperCase()}_QUEUE_URL`] = wired(url);
    known[`${name.toUpperCase()}_DEAD_LETTER_QUEUE_URL`] = wired(deadLettersUrl);
  }
  const own = (functionName: string): Record<string, string> => {
    const fedBy = Object.entries(CONSUMERS).find(([, consumer]) => consumer === functionName)?.[0];
    if (fedBy === undefined) return {};
    const { url, deadLettersUrl } = queues[fedBy as QueueName];
    return { QUEUE_URL: wired(url), DEAD_LETTER_QUEUE_URL: wired(deadLettersUrl) };
  };
  const services = {
    AWS_ENDPOINT_URL_S3: urls.s3,
    AWS_ENDPOINT_URL_SQS: urls.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: urls.dynamodb,
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: urls.sagemaker,
  };
  const environments = Object.entries(bundles).map(([name, { environment }]) => {
    const deployed = { ...known, ...own(name) };
    const variables = Object.entries(environment).map(([variable, value]) => {
      const text = typeof value === "string" ? value : deployed[variable];
      if (text === undefined) throw new Error(`What is ${variable} of ${name}? ${JSON.stringify(value)}`);
      return [variable, text];
    });
    return [name, { ...sdk, ...services, ...Object.fromEntries(variables) }];
  });
  return Object.fromEntries(environments);
}
