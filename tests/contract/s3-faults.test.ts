import { crc32 } from "node:zlib";
import { expect, it, onTestFinished } from "vitest";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import type { ObjectStore } from "../../core/ports.ts";
import type { ScriptedAnswer } from "../builders/scripted-aws.ts";
import { usingScriptedAws } from "./aws.builders.ts";

const TRIES = 5;
const OWNER = "123456789012";
const VERSION = "096fKKXTRTtl3on89fVO.nfljtsv6qko";

async function openStore() {
  const aws = await usingScriptedAws();
  const store = openS3ObjectStore({ bucket: "north-objects", bucketOwner: OWNER });
  onTestFinished(() => store.close());
  return { aws, store };
}

const calls: [string, (store: ObjectStore) => Promise<unknown>][] = [
  ["head", (store) => store.head("a/b")],
  ["head of a version", (store) => store.head("a/b", VERSION)],
  ["read", (store) => store.read("a/b")],
  ["readRange", (store) => store.readRange("a/b", 0, 10)],
  ["readRange of no bytes", (store) => store.readRange("a/b", 0, 0)],
  ["write", (store) => store.write("a/b", Uint8Array.of(1))],
];

const passing: [string, ScriptedAnswer][] = [
  ["503 SlowDown", refusal(503, "SlowDown")],
  ["500 InternalError", refusal(500, "InternalError")],
  ["429", refusal(429, "TooManyRequestsException")],
  ["a connection that breaks", "reset"],
];

for (const [fault, answer] of passing) {
  it.each(calls)(`answers to %s after ${fault}, by trying again`, async (_what, call) => {
    const { aws, store } = await openStore();
    aws.answer = () => (aws.calls.length < TRIES ? answer : good());

    await call(store);

    expect(aws.calls).toHaveLength(TRIES);
  });

  it.each(calls)(`tells %s that the store is unavailable after ${TRIES} times ${fault}`, async (_what, call) => {
    const { aws, store } = await openStore();
    aws.answer = () => answer;

    await expect(call(store)).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", retryable: true });

    expect(aws.calls).toHaveLength(TRIES);
  });
}

it.each(calls)("tells %s that the store is unavailable when access is denied, and asks once", async (_what, call) => {
  const { aws, store } = await openStore();
  aws.answer = () => refusal(403, "AccessDenied");

  await expect(call(store)).rejects.toMatchObject({
    code: "STORAGE_UNAVAILABLE",
    retryable: true,
    message: expect.stringContaining("check its roles"),
  });

  expect(aws.calls).toHaveLength(1);
});

it("keeps what AWS says of roles and accounts out of the sentence, and in the cause", async () => {
  const { aws, store } = await openStore();
  const said = "User: arn:aws:sts::123456789012:assumed-role/ingest is not authorized";
  aws.answer = () => refusal(403, "AccessDenied", said);

  const error = await store.read("a/b").catch((error) => error);

  expect(error.message).toMatch(/^Reading s3:\/\/north-objects\/a\/b: AWS answered 403 AccessDenied; /);
  expect(error.message).not.toContain("arn:");
  expect(error.cause.message).toBe(said);
});

it.each(calls)("tells %s that the store is unavailable when the function's token has expired", async (_what, call) => {
  const { aws, store } = await openStore();
  aws.answer = () => refusal(400, "ExpiredToken");

  await expect(call(store)).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", retryable: true });
});

it.each(calls.filter(([what]) => what === "read" || what === "readRange"))(
  "gives %s no part of an answer that breaks off",
  async (_what, call) => {
    const { aws, store } = await openStore();
    aws.answer = () => "cut";

    await expect(call(store)).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", retryable: true });
  },
);

it("gives no bytes that are not those that S3 keeps the checksum of", async () => {
  const { aws, store } = await openStore();
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(Uint8Array.of(1, 2, 3)));
  const headers = { ...good().headers, "x-amz-checksum-crc32": checksum.toString("base64") };
  aws.answer = () => ({ status: 200, headers, body: Uint8Array.of(1, 2, 4) });

  await expect(store.read("a/b")).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", retryable: true });
});

it.each(calls)("names the bucket's owner with every %s", async (_what, call) => {
  const { aws, store } = await openStore();
  aws.answer = good;

  await call(store);

  expect(aws.calls.map(({ headers }) => headers["x-amz-expected-bucket-owner"])).toEqual([OWNER]);
});

it("sends with every object the checksum by which S3 checks it", async () => {
  const { aws, store } = await openStore();
  aws.answer = good;
  const bytes = new Uint8Array(100_000).fill(7);

  await store.write("a/b", bytes);

  const [put] = aws.calls;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  expect(put?.headers["x-amz-checksum-crc32"]).toBe(checksum.toString("base64"));
  expect(Buffer.from(bytes).equals(put!.body)).toBe(true);
});

it("asks for the range and the version that were meant, and for nothing else", async () => {
  const { aws, store } = await openStore();
  aws.answer = good;

  await store.readRange("a/b", 5, 10, VERSION);
  await store.readRange("a/b", 0, Number.MAX_SAFE_INTEGER);

  const [first, second] = aws.calls;
  expect([first?.headers.range, second?.headers.range]).toEqual(["bytes=5-14", "bytes=0-9007199254740990"]);
  expect(new URL(first!.path, aws.url).searchParams.get("versionId")).toBe(VERSION);
  expect(second!.path).not.toContain("versionId");
});

it("says that a bucket has to keep versions", async () => {
  const { aws, store } = await openStore();
  aws.answer = () => ({ status: 200 });

  for (const call of [() => store.head("a"), () => store.write("a", Uint8Array.of(1))]) {
    await expect(call()).rejects.toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      message: expect.stringContaining("versioning"),
    });
  }
});

function good() {
  return { status: 200, headers: { "x-amz-version-id": VERSION } };
}

function refusal(status: number, code: string, message = code): ScriptedAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { "content-type": "application/xml" }, body };
}
