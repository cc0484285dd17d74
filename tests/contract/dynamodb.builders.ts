import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, vi } from "vitest";
import { createCloudTable, type Dynalite, startDynalite } from "../builders/dynalite.ts";
import { type AwsAnswer, type AwsCall, type AwsStandIn, awsStandIn, stubAws } from "./aws-stand-in.builders.ts";

export interface DynamoDbOfThisFile {
  /** A new, empty table. @returns its name */
  emptyTable(): Promise<string>;
  /** Stands between the SDK and dynalite while a test runs. */
  watched(): Promise<AwsStandIn>;
}

/** One dynalite for a file's tests, which the SDK takes for AWS. */
export function dynamoDbOfThisFile(): DynamoDbOfThisFile {
  let dynalite: Dynalite;
  beforeAll(async () => {
    dynalite = await startDynalite();
    stubAws(dynalite.url);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await dynalite.close();
  });
  return {
    async emptyTable() {
      const tableName = `table-${randomUUID()}`;
      await createCloudTable(dynalite.url, tableName);
      return tableName;
    },
    watched: () => awsStandIn((call) => forward(dynalite.url, call)),
  };
}

async function forward(url: string, { headers, body }: AwsCall): Promise<AwsAnswer> {
  const passed = Object.entries(headers).filter(([name]) => /^(authorization|content-type|x-amz-.*)$/.test(name));
  const answer = await fetch(url, { method: "POST", headers: passed as [string, string][], body });
  return { status: answer.status, body: await answer.text() };
}

/** What was asked of DynamoDB, by operation. */
export function asked(standIn: AwsStandIn, operation: string): Record<string, unknown>[] {
  return standIn.calls.filter((call) => call.operation === operation).map(({ body }) => JSON.parse(body));
}
