import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import type { Grading } from "../../core/contracts/grading.ts";
import type { GradingStore } from "../../core/ports.ts";
import { memoryGradings } from "../builders/memory-ports.ts";
import { aGrading, allOf, digestOf } from "./builders.ts";
import { asked, dynamoDbOfThisFile } from "./dynamodb.builders.ts";
import { gradingStoreSuite } from "./grading-store.suite.ts";

const dynamoDb = dynamoDbOfThisFile();

const openStore = async () => openDynamoDbGradingStore({ tableName: await dynamoDb.emptyTable() });

/** A store on an empty table, and what stands between it and DynamoDB. */
async function watchedStore() {
  const tableName = await dynamoDb.emptyTable();
  const aws = await dynamoDb.watched();
  return { aws, tableName, store: openDynamoDbGradingStore({ tableName, requestTimeoutMs: 1_000 }) };
}

gradingStoreSuite("the DynamoDB grading store", openStore);

it("never changes whose grading it is, or when it was received", async () => {
  const store = await openStore();
  await store.create(aGrading());

  const whose = { clinicId: "south", gradingId: "other", receivedAt: "2030-01-01T00:00:00Z" };
  await store.change("grading-1", ["received"], { status: "cropping", ...whose });

  expect(await store.find("grading-1")).toEqual(aGrading({ status: "cropping" }));
});

it("refuses a change that would break the row, and keeps the row", async () => {
  const store = await openStore();
  await store.create(aGrading());

  await expect(store.change("grading-1", ["received"], { archiveDigest: "no digest" })).rejects.toThrow();

  expect(await store.find("grading-1")).toEqual(aGrading());
});

it("orders gradings by time, however its fractions are written", async () => {
  const store = await openStore();
  const times = ["2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00.25Z"];
  for (const [n, time] of times.entries()) {
    await store.create(aGrading({ gradingId: `g${n}`, embryoId: "e1", receivedAt: time, updatedAt: time }));
  }

  const newest = await store.findByEmbryo("north", "e1");
  const untouched = await allOf(store.listUnfinished("2026-03-01T12:00:00.5Z"));

  expect(newest?.gradingId).toBe("g0");
  expect(untouched.map(({ gradingId }) => gradingId)).toEqual(["g1", "g2"]);
  expect(await allOf(store.listUnfinished("2026-03-01T12:00:00Z"))).toEqual([]);
});

it("loses none of many changes at once", async () => {
  const store = await openStore();
  await store.create(aGrading());
  const parts = [
    { embryoId: "e1" },
    { cycleId: "c1" },
    { archiveDigest: digestOf("a") },
    { clipSha256: digestOf("c") },
  ];

  const changes = await Promise.all(parts.map((part) => store.change("grading-1", ["received"], part)));

  expect(changes.every((change) => change?.changed)).toBe(true);
  expect(await store.find("grading-1")).toEqual(aGrading(Object.assign({}, ...parts)));
});

/** Some hundred calls over the wire each run. */
const MANY_CALLS = { timeout: 120_000 };

it("lists and searches like a plain list, whatever the ids, the times and the size of a page", MANY_CALLS, async () => {
  const gradings = fc.uniqueArray(
    fc.record({
      gradingId: fc.constantFrom(...Array.from({ length: 20 }, (_, n) => `g${n}`)),
      clinicId: fc.constantFrom("north", "south"),
      // The suite has U+FFEE beside this one: there dynalite, unlike DynamoDB, checks a page's start by UTF-16 units.
      embryoId: fc.constantFrom("a", "a b", "ab", "B", "🥚", null),
      cycleId: fc.constantFrom("c", "c#d", null),
      receivedAt: fc.constantFrom("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.500Z", "2026-03-01T12:00:01.000Z"),
      updatedAt: fc.constantFrom("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.50Z", "2026-03-01T12:00:01Z"),
      status: fc.constantFrom("received", "cropping", "grading", "graded", "rejected"),
    }),
    { selector: ({ gradingId }) => gradingId, minLength: 5, maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(gradings, fc.integer({ min: 1, max: 4 }), async (rows, limit) => {
      const [store, plain] = [await openStore(), memoryGradings()];
      for (const row of rows.map((fields) => aGrading(fields))) {
        await store.create(row);
        await plain.create(row);
      }

      const found = await everyList(store, limit);

      expect(found).toEqual(await everyList(plain, limit));
    }),
    { numRuns: 10 },
  );
});

/** All that can be asked of a store about what that property puts into it. */
async function everyList(store: GradingStore, limit: number): Promise<(Grading[] | Grading | null)[]> {
  const pages: Grading[][] = [];
  for (let after = ""; ; after = pages.at(-1)?.at(-1)?.embryoId ?? "") {
    const page = await store.listByEmbryo("north", { after, limit });
    if (page.length === 0) break;
    pages.push(page);
  }
  return [
    ...pages,
    await store.listByCycle("north", "c"),
    await store.listByCycle("north", "c#d"),
    await store.findByEmbryo("north", "a"),
    await allOf(store.listUnfinished("2026-03-01T12:00:00.500Z")),
    await allOf(store.listUnfinished("2026-03-01T12:00:02Z")),
  ];
}

describe("what the DynamoDB grading store asks for", () => {
  it("creates a grading on condition that there is none", async () => {
    const { aws, store } = await watchedStore();

    await store.create(aGrading());

    const onlyIfAbsent = {
      ConditionExpression: "attribute_not_exists(#key)",
      ExpressionAttributeNames: { "#key": "pk" },
    };
    expect(asked(aws, "PutItem")).toMatchObject([onlyIfAbsent]);
    expect(aws.calls).toHaveLength(1);
  });

  it.each([
    ["changes a grading", (store: GradingStore) => store.change("grading-1", ["received"], { status: "cropping" })],
    ["pins a version", (store: GradingStore) => store.pinVersion("grading-1", "v7")],
  ])("%s on condition that it is as it was read, strongly consistent", async (_what, write) => {
    const { aws, store } = await watchedStore();
    await store.create(aGrading());

    await write(store);

    const [created, changed] = asked(aws, "PutItem") as { Item: { revision: unknown } }[];
    expect(asked(aws, "GetItem")).toMatchObject([{ ConsistentRead: true }]);
    expect(changed).toMatchObject({
      ConditionExpression: "#revision = :seen",
      ExpressionAttributeNames: { "#revision": "revision" },
      ExpressionAttributeValues: { ":seen": created?.Item.revision },
    });
    expect(changed?.Item.revision).not.toEqual(created?.Item.revision);
  });

  it("finds a grading strongly consistent", async () => {
    const { aws, store } = await watchedStore();

    await store.find("grading-1");

    expect(asked(aws, "GetItem")).toMatchObject([{ ConsistentRead: true }]);
  });

  it("asks nothing for a list of none", async () => {
    const { aws, store } = await watchedStore();

    expect(await store.listByEmbryo("north", { limit: 0 })).toEqual([]);

    expect(aws.calls).toEqual([]);
  });

  it("keeps a grading in the index of the unfinished only while it waits", async () => {
    const { aws, store } = await watchedStore();
    await store.create(aGrading());

    await store.change("grading-1", ["received"], { status: "graded" });

    const [waiting, graded] = asked(aws, "PutItem").map(({ Item }) => Object.keys(Item as object));
    expect(waiting).toEqual(expect.arrayContaining(["unfinished", "touched"]));
    expect(graded).not.toEqual(expect.arrayContaining(["unfinished"]));
    expect(graded).not.toEqual(expect.arrayContaining(["touched"]));
  });

  it("asks for no more of a clinic's gradings than a page needs, and goes on where an embryo has many", async () => {
    const { aws, store } = await watchedStore();
    for (let n = 0; n < 12; n++) {
      const embryoId = n < 9 ? "e1" : `e${n}`;
      await store.create(aGrading({ gradingId: `g${n}`, embryoId, receivedAt: `2026-03-01T12:00:${10 + n}Z` }));
    }

    const page = await store.listByEmbryo("north", { limit: 2 });

    expect(page.map(({ gradingId }) => gradingId)).toEqual(["g8", "g10"]);
    const queries = asked(aws, "Query");
    expect(queries.map(({ Limit }) => Limit)).toEqual([3, 3, 3, 3]);
    expect(queries.map(({ ExclusiveStartKey }) => ExclusiveStartKey !== undefined)).toEqual([false, true, true, true]);
  });

  it("goes through all pages of the unfinished and of a cycle", async () => {
    const { aws, store } = await watchedStore();
    const ids = ["g1", "g2", "g3"];
    for (const gradingId of ids) await store.create(aGrading({ gradingId, embryoId: gradingId, cycleId: "c1" }));
    aws.answer = (call, serve) => serve(JSON.stringify({ ...JSON.parse(call.body), Limit: 1 }));

    const unfinished = await allOf(store.listUnfinished("2026-03-02T00:00:00Z"));
    const cycle = await store.listByCycle("north", "c1");

    expect([unfinished, cycle].map((list) => list.map(({ gradingId }) => gradingId))).toEqual([ids, ids]);
  });

  it("reads, puts and queries; it never scans, and needs no transaction", async () => {
    const { aws, store } = await watchedStore();
    await store.create(aGrading({ embryoId: "a", cycleId: "c" }));

    await store.pinVersion("grading-1", "v7");
    await store.findByEmbryo("north", "a");
    await everyList(store, 2);

    expect(new Set(aws.calls.map(({ operation }) => operation))).toEqual(new Set(["PutItem", "GetItem", "Query"]));
  });
});
