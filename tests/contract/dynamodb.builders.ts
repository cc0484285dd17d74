import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, vi } from "vitest";
import { createCloudTable, type Dynalite, startDynalite } from "../builders/dynalite.ts";

/** What the SDK takes from its environment, with `url` in place of AWS. */
export function stubAws(url: string): void {
  vi.stubEnv("AWS_ENDPOINT_URL", url);
  vi.stubEnv("AWS_REGION", "eu-west-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
}

/** One dynalite for a file's tests, which the SDK takes for AWS. @returns a maker of new, empty tables */
export function dynaliteOfThisFile(): () => Promise<string> {
  let dynalite: Dynalite;
  beforeAll(async () => {
    dynalite = await startDynalite();
    stubAws(dynalite.url);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await dynalite.close();
  });
  return async () => {
    const tableName = `table-${randomUUID()}`;
    await createCloudTable(dynalite.url, tableName);
    return tableName;
  };
}
