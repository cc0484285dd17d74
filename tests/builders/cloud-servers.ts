import type { AddressInfo } from "node:net";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import { TEST_AWS, TEST_AWS_ENVIRONMENT } from "./aws-environment.ts";
import { createCloudTable, startDynalite } from "./dynalite.ts";
import { startVersionedS3 } from "./versioned-s3.ts";

export interface CloudServers {
  /** What a program needs in its environment to take these servers for AWS. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of {@link TEST_AWS}'s account, empty, with versions. */
  createBucket(name: string): Promise<void>;
  /** @returns the queue's URL */
  createQueue(name: string, attributes?: Record<string, string>): Promise<string>;
  /** The one table of the cloud. */
  createTable(name: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * S3 and SQS (fauxqs) and DynamoDB (dynalite) in this process, empty, on free ports of 127.0.0.1. They take the credentials
 * of {@link TEST_AWS} and look at them in upload forms only.
 *
 * @param options.now by which upload forms expire. @default the machine's clock
 */
export async function startCloudServers(options: { now?: () => Date } = {}): Promise<CloudServers> {
  const fauxqs = buildApp({ logger: false, defaultRegion: TEST_AWS.region });
  await fauxqs.listen({ port: 0, host: "127.0.0.1" });
  const origin = `http://127.0.0.1:${(fauxqs.server.address() as AddressInfo).port}`;
  const s3 = await startVersionedS3({ origin, now: options.now ?? (() => new Date()) });
  const dynalite = await startDynalite();

  const credentials = { accessKeyId: TEST_AWS.accessKeyId, secretAccessKey: TEST_AWS.secretAccessKey };
  const buckets = new S3Client({ endpoint: s3.url, region: TEST_AWS.region, credentials });
  const queues = new SQSClient({ endpoint: origin, region: TEST_AWS.region, credentials });
  return {
    environment: {
      ...TEST_AWS_ENVIRONMENT,
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_SQS: origin,
      AWS_ENDPOINT_URL_DYNAMODB: dynalite.url,
    },
    async createBucket(name) {
      await buckets.send(new CreateBucketCommand({ Bucket: name }));
    },
    async createQueue(name, attributes = {}) {
      const { QueueUrl } = await queues.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
      // The SDK calls the host of a queue's URL, and fauxqs' own name for itself is known to nobody.
      return `${origin}${new URL(QueueUrl!).pathname}`;
    },
    createTable: (name) => createCloudTable(dynalite.url, name),
    async close() {
      buckets.destroy();
      queues.destroy();
      await Promise.all([s3.close(), fauxqs.close(), dynalite.close()]);
    },
  };
}
