import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type AttributeDefinition,
  CreateTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
// @ts-expect-error: dynalite comes without types.
import dynalite from "dynalite";
import { CLOUD_TABLE } from "../../core/contracts/cloud-table.ts";

export interface Dynalite {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string;
  close(): Promise<void>;
}

/** DynamoDB in this process, empty, on a free port of 127.0.0.1. It takes any credentials. */
export async function startDynalite(): Promise<Dynalite> {
  const server: Server = dynalite({ createTableMs: 0 });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise<void>((done) => void server.close(() => done()));
      // It waits for connections that a client keeps open.
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The table that infra creates, with the same keys and indexes. */
export async function createCloudTable(url: string, tableName: string): Promise<void> {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new DynamoDBClient({ endpoint: url, region: "eu-west-1", credentials });
  const { partitionKey, sortKey, indexes } = CLOUD_TABLE;
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: keySchema({ partitionKey, sortKey }),
        AttributeDefinitions: attributes([CLOUD_TABLE, ...Object.values(indexes)]),
        GlobalSecondaryIndexes: Object.values(indexes).map((index) => ({
          IndexName: index.name,
          KeySchema: keySchema(index),
          Projection: { ProjectionType: "ALL" },
        })),
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.1 }, { TableName: tableName });
  } finally {
    client.destroy();
  }
}

interface Keys {
  readonly partitionKey: string;
  readonly sortKey: string;
}

function keySchema({ partitionKey, sortKey }: Keys) {
  return [
    { AttributeName: partitionKey, KeyType: "HASH" as const },
    { AttributeName: sortKey, KeyType: "RANGE" as const },
  ];
}

function attributes(keys: readonly Keys[]): AttributeDefinition[] {
  const names = new Set(keys.flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]));
  return [...names].map((name) => ({ AttributeName: name, AttributeType: "S" }));
}
