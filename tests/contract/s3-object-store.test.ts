import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, it, onTestFinished } from "vitest";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { TEST_AWS } from "../builders/aws-environment.ts";
import { usingCloudServers } from "./aws.builders.ts";
import { objectStoreSuite } from "./object-store.suite.ts";

const servers = usingCloudServers();
let buckets = 0;

async function openStore({ bucketOwner = TEST_AWS.account as string } = {}) {
  const bucket = `objects-${++buckets}`;
  await servers().createBucket(bucket);
  const store = openS3ObjectStore({ bucket, bucketOwner });
  onTestFinished(() => store.close());
  return { bucket, store };
}

objectStoreSuite("the S3 store", async () => (await openStore()).store);

it("takes a deleted object for missing, also by the version of its deletion, and keeps its earlier version", async () => {
  const { bucket, store } = await openStore();
  const written = await store.write("uploads/north/1", Uint8Array.of(1, 2));

  const { VersionId: deletion = "" } = await sdk().send(new DeleteObjectCommand({ Bucket: bucket, Key: written.key }));

  expect(await store.head(written.key)).toBeNull();
  expect(await store.head(written.key, deletion)).toBeNull();
  await expect(store.read(written.key)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
  await expect(store.readRange(written.key, 0, 1, deletion)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
  expect(await store.read(written.key, written.version)).toEqual(Uint8Array.of(1, 2));
});

it.each([
  ["of the right form", "v5n1PPUjOCMHLyyfq0ayjoZ5RZLfVQKA"],
  ["of a wrong form", "dsf"],
  ["without a character", ""],
])("says that a version %s is missing", async (_what, version) => {
  const { store } = await openStore();
  await store.write("there", Uint8Array.of(1));

  expect(await store.head("there", version)).toBeNull();
  await expect(store.read("there", version)).rejects.toMatchObject({ code: "OBJECT_MISSING", retryable: false });
  await expect(store.readRange("there", 0, 0, version)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
});

it("never takes somebody else's bucket for its own", async () => {
  const { store } = await openStore({ bucketOwner: "999999999999" });

  const calls = [store.head("a"), store.read("a"), store.readRange("a", 0, 1), store.write("a", Uint8Array.of(1))];

  for (const { reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ code: "STORAGE_UNAVAILABLE", retryable: true });
  }
});

it("says of a bucket that is not there nothing about its objects", async () => {
  const store = openS3ObjectStore({ bucket: "no-such-bucket", bucketOwner: TEST_AWS.account });

  const calls = [store.read("a"), store.readRange("a", 0, 1), store.write("a", Uint8Array.of(1))];

  for (const { reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ code: "STORAGE_UNAVAILABLE", message: expect.stringContaining("NoSuchBucket") });
  }
});

function sdk(): S3Client {
  const client = new S3Client();
  onTestFinished(() => client.destroy());
  return client;
}
