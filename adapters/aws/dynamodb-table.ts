import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import type { ZodType } from "zod";
import { CLOUD_TABLE } from "../../core/contracts/cloud-table.ts";
import { StorageUnavailable } from "../../core/errors.ts";
import { storageUnavailable } from "./aws-failure.ts";
import { stationClient } from "./station-client.ts";

export interface DynamoDbTableOptions {
  readonly tableName: string;
  /** How long one try of a request may take; the SDK then sends it again. @default 5000 */
  readonly requestTimeoutMs?: number;
}

/** An item's attributes by name: all of ours are text. */
export type Row = Readonly<Record<string, string>>;

/** The two attributes that identify a row. */
export type RowKey = Readonly<Record<typeof CLOUD_TABLE.partitionKey | typeof CLOUD_TABLE.sortKey, string>>;

interface Keys {
  /** Of an index; the table itself has none. */
  readonly name?: string;
  readonly partitionKey: string;
  readonly sortKey: string;
}

export interface RowQuery {
  /** The table, read strongly consistent, or an index, which lags behind it by less than a second as a rule. */
  readonly of: Keys;
  readonly partition: string;
  readonly sort?: { readonly is: "<" | ">" | "begins_with"; readonly text: string };
  readonly descending?: boolean;
  /** Rows asked for at once. @default as many as fit 1 MB */
  readonly pageSize?: number;
}

export interface DynamoDbTable {
  /** Strongly consistent. @throws StorageUnavailable */
  get(key: RowKey): Promise<Row | null>;
  /**
   * Puts a row where `replaced` is still what is there; null where there is nothing. `write` is an id of this write alone.
   *
   * @returns false when something else is there. That may be this very write: where an answer is lost the SDK puts again, and
   *   finds its own row in the way. `isWrittenBy` tells the two apart.
   * @throws StorageUnavailable
   */
  put(row: Row & RowKey, replaced: Row | null, write: string): Promise<boolean>;
  /** Rows by their sort key, in the order of its bytes, page by page. @throws StorageUnavailable */
  query(query: RowQuery): AsyncGenerator<Row>;
}

/** Far more writes than come between a write and the answer to it. */
const REVISIONS_KEPT = 16;

/** The one table of gradings and records. Endpoint, region and credentials are the SDK's own. */
export function openDynamoDbTable({ tableName, requestTimeoutMs = 5_000 }: DynamoDbTableOptions): DynamoDbTable {
  const client = new DynamoDBClient(stationClient(requestTimeoutMs));

  return {
    async get(key) {
      const command = new GetItemCommand({ TableName: tableName, Key: attributesOf(key), ConsistentRead: true });
      const { Item } = await asking(tableName, () => client.send(command));
      return Item === undefined ? null : textOf(Item);
    },

    async put(row, replaced, write) {
      const earlier = replaced === null ? [] : revisionsOf(replaced).slice(0, REVISIONS_KEPT - 1);
      const command = new PutItemCommand({
        TableName: tableName,
        Item: attributesOf({ ...row, revision: write, earlierRevisions: earlier.join(" ") }),
        ...(replaced === null ? whereAbsent : whereRevisionIs(replaced.revision ?? "")),
      });
      return asking(tableName, async () => {
        try {
          await client.send(command);
          return true;
        } catch (error) {
          if (error instanceof Error && error.name === "ConditionalCheckFailedException") return false;
          throw error;
        }
      });
    },

    async *query({ of, partition, sort, descending = false, pageSize }) {
      let start: Record<string, AttributeValue> | undefined;
      do {
        const command = new QueryCommand({
          TableName: tableName,
          ...(of.name === undefined ? { ConsistentRead: true } : { IndexName: of.name }),
          ...condition(of, partition, sort),
          ScanIndexForward: !descending,
          ...(pageSize === undefined ? {} : { Limit: pageSize }),
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        });
        const page = await asking(tableName, () => client.send(command));
        for (const item of page.Items ?? []) yield textOf(item);
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
    },
  };
}

/** Whether this write made the row, or a row that this one came to replace. */
export function isWrittenBy(row: Row, write: string): boolean {
  return revisionsOf(row).includes(write);
}

/** A row's JSON as its schema has it. @throws StorageUnavailable, which names `what` */
export function parseBody<T>(schema: ZodType<T>, row: Row, what: string): T {
  try {
    return schema.parse(JSON.parse(row.body ?? ""));
  } catch (cause) {
    throw new StorageUnavailable(`${what} cannot be read by this version of Blastograde.`, { cause });
  }
}

const whereAbsent = {
  ConditionExpression: "attribute_not_exists(#key)",
  ExpressionAttributeNames: { "#key": CLOUD_TABLE.partitionKey },
};

function whereRevisionIs(revision: string) {
  return {
    ConditionExpression: "#revision = :seen",
    ExpressionAttributeNames: { "#revision": "revision" },
    ExpressionAttributeValues: attributesOf({ ":seen": revision }),
  };
}

function condition({ partitionKey, sortKey }: Keys, partition: string, sort: RowQuery["sort"]) {
  const isPartition = "#partition = :partition";
  if (sort === undefined) {
    return {
      KeyConditionExpression: isPartition,
      ExpressionAttributeNames: { "#partition": partitionKey },
      ExpressionAttributeValues: attributesOf({ ":partition": partition }),
    };
  }
  const isSort = sort.is === "begins_with" ? "begins_with(#sort, :sort)" : `#sort ${sort.is} :sort`;
  return {
    KeyConditionExpression: `${isPartition} AND ${isSort}`,
    ExpressionAttributeNames: { "#partition": partitionKey, "#sort": sortKey },
    ExpressionAttributeValues: attributesOf({ ":partition": partition, ":sort": sort.text }),
  };
}

function revisionsOf({ revision = "", earlierRevisions = "" }: Row): string[] {
  return [revision, ...earlierRevisions.split(" ")].filter((id) => id !== "");
}

function attributesOf(row: Row): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(row).map(([name, text]) => [name, { S: text }]));
}

function textOf(item: Record<string, AttributeValue>): Row {
  return Object.fromEntries(Object.entries(item).flatMap(([name, { S }]) => (S === undefined ? [] : [[name, S]])));
}

/** Whatever the SDK throws, once it has tried again: a denied access is our mistake and no fault of an embryo's. */
async function asking<Answer>(tableName: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (cause) {
    throw storageUnavailable(`The table ${tableName}`, cause);
  }
}
