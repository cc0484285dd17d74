import { describe, expect, it } from "vitest";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import type { AwsStandIn } from "./aws-stand-in.builders.ts";
import { FAULTS, refusal } from "./aws-stand-in.builders.ts";
import { aGrading } from "./builders.ts";
import { asked, dynamoDbOfThisFile } from "./dynamodb.builders.ts";

const dynamoDb = dynamoDbOfThisFile();
const UNAVAILABLE = { code: "STORAGE_UNAVAILABLE", retryable: true };
const CONDITION_FAILED = refusal(400, "ConditionalCheckFailedException");

/** A store on a table with one grading, and what stands between it and DynamoDB. `rival` has a way of its own. */
async function storeWithGrading() {
  const tableName = await dynamoDb.emptyTable();
  const rival = openDynamoDbGradingStore({ tableName });
  await rival.create(aGrading());
  const aws = await dynamoDb.watched();
  return { aws, rival, store: openDynamoDbGradingStore({ tableName, requestTimeoutMs: 1_000 }) };
}

/** DynamoDB puts the next row, and its answer is lost; `meanwhile` comes before the SDK asks again. */
function loseAnswerToPut(aws: AwsStandIn, meanwhile: () => Promise<unknown> = async () => {}): void {
  let isLost = false;
  aws.answer = async ({ operation }, serve) => {
    if (operation !== "PutItem" || isLost) return serve();
    isLost = true;
    await serve();
    await meanwhile();
    return "reset";
  };
}

describe("the DynamoDB grading store under faults", () => {
  it.each(FAULTS)("says that storage is unavailable when DynamoDB %s", async (_what, fault, times) => {
    const { aws, store } = await storeWithGrading();
    aws.answer = async () => fault;

    const calls = [
      () => store.find("grading-1"),
      () => store.create(aGrading({ gradingId: "grading-2" })),
      () => store.listByCycle("north", "c1"),
    ];

    for (const call of calls) await expect(call()).rejects.toMatchObject(UNAVAILABLE);
    expect(aws.calls).toHaveLength(calls.length * times);
  });

  it("changes a grading once a crowded table answers", async () => {
    const { aws, store } = await storeWithGrading();
    let isCrowded = false;
    aws.answer = async (_call, serve) => {
      isCrowded = !isCrowded;
      return isCrowded ? refusal(400, "ProvisionedThroughputExceededException") : serve();
    };

    const changed = await store.change("grading-1", ["received"], { status: "cropping" });

    expect(changed).toEqual({ grading: aGrading({ status: "cropping" }), changed: true });
    expect(aws.calls).toHaveLength(4);
  });

  it("gives up a change that others always come before", async () => {
    const { aws, store } = await storeWithGrading();
    aws.answer = async ({ operation }, serve) => (operation === "PutItem" ? CONDITION_FAILED : serve());

    const change = store.change("grading-1", ["received"], { status: "cropping" });

    await expect(change).rejects.toMatchObject(UNAVAILABLE);
    expect(asked(aws, "PutItem")).toHaveLength(10);
  });

  it("refuses a grading that it cannot read, and says which, in a list as well", async () => {
    const { aws, store } = await storeWithGrading();
    aws.answer = (call, serve) => serve(call.body.replace('\\"status\\":\\"received\\"', '\\"status\\":\\"lost\\"'));
    await store.create(aGrading({ gradingId: "odd-one", embryoId: "e1" }));

    const unreadable = { ...UNAVAILABLE, message: expect.stringContaining("odd-one") };
    await expect(store.find("odd-one")).rejects.toMatchObject(unreadable);
    await expect(store.listByEmbryo("north", { limit: 10 })).rejects.toMatchObject(unreadable);
    expect(await store.find("grading-1")).toEqual(aGrading());
  });
});

describe("the DynamoDB grading store where the answer to its put is lost", () => {
  it("knows the grading that it created", async () => {
    const { aws, store } = await storeWithGrading();
    loseAnswerToPut(aws);

    await store.create(aGrading({ gradingId: "grading-2" }));

    expect(asked(aws, "PutItem")).toHaveLength(2);
    expect(await store.find("grading-2")).toEqual(aGrading({ gradingId: "grading-2" }));
  });

  it("knows the grading that it created after the next station has changed it", async () => {
    const { aws, rival, store } = await storeWithGrading();
    loseAnswerToPut(aws, () => rival.change("grading-2", ["received"], { status: "cropping" }));

    await store.create(aGrading({ gradingId: "grading-2" }));

    expect(await store.find("grading-2")).toEqual(aGrading({ gradingId: "grading-2", status: "cropping" }));
  });

  it("does not take another's equal grading for its own", async () => {
    const { aws, rival, store } = await storeWithGrading();
    let isFirst = true;
    aws.answer = async ({ operation }, serve) => {
      if (operation !== "PutItem" || !isFirst) return serve();
      isFirst = false;
      await rival.create(aGrading({ gradingId: "grading-2" }));
      return "reset";
    };

    const created = store.create(aGrading({ gradingId: "grading-2" }));

    await expect(created).rejects.toMatchObject({ code: "GRADING_EXISTS" });
  });

  it("says of its own change that it was made", async () => {
    const { aws, store } = await storeWithGrading();
    loseAnswerToPut(aws);

    const changed = await store.change("grading-1", ["received"], { status: "cropping" });

    expect(changed).toEqual({ grading: aGrading({ status: "cropping" }), changed: true });
    expect(asked(aws, "PutItem")).toHaveLength(2);
  });

  it("says so after others have changed the grading further", async () => {
    const { aws, rival, store } = await storeWithGrading();
    loseAnswerToPut(aws, async () => {
      for (let n = 0; n < 5; n++) await rival.change("grading-1", ["cropping"], { embryoId: `e${n}` });
    });

    const changed = await store.change("grading-1", ["received"], { status: "cropping" });

    expect(changed).toEqual({ grading: aGrading({ status: "cropping", embryoId: "e4" }), changed: true });
  });

  it("makes its change after one that came before it, and loses neither", async () => {
    const { aws, rival, store } = await storeWithGrading();
    let isFirst = true;
    aws.answer = async ({ operation }, serve) => {
      if (operation !== "PutItem" || !isFirst) return serve();
      isFirst = false;
      await rival.change("grading-1", ["received"], { embryoId: "e1" });
      return "reset";
    };

    const changed = await store.change("grading-1", ["received"], { cycleId: "c1" });

    expect(changed).toEqual({ grading: aGrading({ embryoId: "e1", cycleId: "c1" }), changed: true });
  });

  it("tells the version that it pinned", async () => {
    const { aws, store } = await storeWithGrading();
    loseAnswerToPut(aws);

    expect(await store.pinVersion("grading-1", "v7")).toBe("v7");

    expect(await store.find("grading-1")).toEqual(aGrading({ objectVersion: "v7" }));
  });
});
