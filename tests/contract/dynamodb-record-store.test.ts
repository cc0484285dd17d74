import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openDynamoDbRecordStore } from "../../adapters/aws/dynamodb-record-store.ts";
import { FAULTS, refusal } from "./aws-stand-in.builders.ts";
import { aRecord, digestOf } from "./builders.ts";
import { asked, dynamoDbOfThisFile } from "./dynamodb.builders.ts";
import { recordStoreSuite } from "./record-store.suite.ts";

const dynamoDb = dynamoDbOfThisFile();

recordStoreSuite("the DynamoDB record store", async () =>
  openDynamoDbRecordStore({ tableName: await dynamoDb.emptyTable() }),
);

/** A store on an empty table, and what stands between it and DynamoDB. */
async function watchedStore() {
  const tableName = await dynamoDb.emptyTable();
  const aws = await dynamoDb.watched();
  return { aws, tableName, store: openDynamoDbRecordStore({ tableName, requestTimeoutMs: 1_000 }) };
}

describe("what the DynamoDB record store asks for", () => {
  it("puts a record on condition that there is none, and reads what is there strongly consistent", async () => {
    const { aws, store } = await watchedStore();
    await store.putOnce(aRecord());

    await store.putOnce(aRecord({ gradingId: "another" }));

    const onlyIfAbsent = {
      ConditionExpression: "attribute_not_exists(#key)",
      ExpressionAttributeNames: { "#key": "pk" },
    };
    expect(asked(aws, "PutItem")).toMatchObject([onlyIfAbsent, onlyIfAbsent]);
    expect(asked(aws, "GetItem")).toMatchObject([{ ConsistentRead: true }]);
  });

  it("reads strongly consistent, and never scans", async () => {
    const { aws, store } = await watchedStore();

    await store.find(aRecord());
    await store.findNewest("north", "embryo 1");

    expect(asked(aws, "GetItem")).toMatchObject([{ ConsistentRead: true }]);
    expect(asked(aws, "Query")).toMatchObject([{ ConsistentRead: true }]);
    expect(aws.calls).toHaveLength(2);
  });

  it("goes through all pages for the newest record", async () => {
    const { aws, store } = await watchedStore();
    const newest = aRecord({ archiveDigest: digestOf("2"), gradedAt: "2026-03-09T00:00:00Z" });
    for (const n of [0, 1, 3, 4]) await store.putOnce(aRecord({ archiveDigest: digestOf(`${n}`) }));
    await store.putOnce(newest);
    aws.answer = (call, serve) => serve(JSON.stringify({ ...JSON.parse(call.body), Limit: 1 }));

    const found = await store.findNewest("north", "embryo 1");

    expect(found).toEqual(newest);
    expect(asked(aws, "Query").length).toBeGreaterThan(4);
  });
});

describe("the DynamoDB record store under faults", () => {
  it.each(FAULTS)("says that storage is unavailable when DynamoDB %s", async (_what, fault, times) => {
    const { aws, store } = await watchedStore();
    aws.answer = async () => fault;

    const found = store.find(aRecord());

    await expect(found).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", retryable: true });
    expect(aws.calls).toHaveLength(times);
  });

  it("knows its own record where the answer to the put was lost", async () => {
    const { aws, store } = await watchedStore();
    let isLost = false;
    aws.answer = async ({ operation }, serve) => {
      const answer = await serve();
      if (operation !== "PutItem" || isLost) return answer;
      isLost = true;
      return "reset";
    };

    const put = await store.putOnce(aRecord());

    expect(put).toEqual({ record: aRecord(), created: true });
    expect(asked(aws, "PutItem")).toHaveLength(2);
  });

  it("tells another's record from its own where both were put at once", async () => {
    const { aws, store, tableName } = await watchedStore();
    const rival = openDynamoDbRecordStore({ tableName });
    let isFirst = true;
    aws.answer = async ({ operation }, serve) => {
      if (operation !== "PutItem" || !isFirst) return serve();
      isFirst = false;
      await rival.putOnce(aRecord({ gradingId: "rival" }));
      return "reset";
    };

    const put = await store.putOnce(aRecord());

    expect(put).toEqual({ record: aRecord({ gradingId: "rival" }), created: false });
  });

  it("refuses a record that it cannot read, and says which", async () => {
    const { aws, store } = await watchedStore();
    aws.answer = (call, serve) => serve(withBody(call.body, '{"archiveDigest": 1}'));
    await store.putOnce(aRecord());

    const unreadable = { code: "STORAGE_UNAVAILABLE", message: expect.stringContaining(digestOf("archive")) };
    await expect(store.find(aRecord())).rejects.toMatchObject(unreadable);
    await expect(store.findNewest("north", "embryo 1")).rejects.toMatchObject(unreadable);
  });

  it("puts nothing that breaks the schema", async () => {
    const { aws, store } = await watchedStore();

    await expect(store.putOnce(aRecord({ clipSha256: "no digest" }))).rejects.toThrow();

    expect(aws.calls).toEqual([]);
  });

  it("goes on once DynamoDB does", async () => {
    const { aws, store } = await watchedStore();
    aws.answer = async (_call, serve) =>
      aws.calls.length < 5 ? refusal(400, "ProvisionedThroughputExceededException") : serve();

    const put = await store.putOnce(aRecord());

    expect(put.created).toBe(true);
    expect(aws.calls.at(-1)?.headers["amz-sdk-request"]).toBe("attempt=5; max=5");
  });
});

it("finds the newest by time, however its fractions are written", async () => {
  const store = openDynamoDbRecordStore({ tableName: await dynamoDb.emptyTable() });
  const newest = aRecord({ gradedAt: "2026-03-01T12:00:00.5Z" });
  await store.putOnce(newest);
  const others = ["older", "old", "oldest", "first"].map((name) =>
    aRecord({ archiveDigest: digestOf(name), gradedAt: "2026-03-01T12:00:00Z" }),
  );
  for (const other of others) await store.putOnce(other);

  const found = await store.findNewest("north", "embryo 1");

  expect(found).toEqual(newest);
});

it("keeps every age apart, and exactly", async () => {
  const store = openDynamoDbRecordStore({ tableName: await dynamoDb.emptyTable() });
  const ages = fc.uniqueArray(fc.option(fc.double({ min: 18, max: 55, noNaN: true })), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(ages, fc.uuid(), async (ageYears, embryoId) => {
      const records = ageYears.map((age) => aRecord({ embryoId, ageYears: age }));

      for (const record of records) await store.putOnce(record);

      for (const record of records) expect(await store.find(record)).toEqual(record);
    }),
    { numRuns: 25 },
  );
});

function withBody(request: string, body: string): string {
  const parsed = JSON.parse(request) as { Item?: object };
  return JSON.stringify(
    parsed.Item === undefined ? parsed : { ...parsed, Item: { ...parsed.Item, body: { S: body } } },
  );
}
