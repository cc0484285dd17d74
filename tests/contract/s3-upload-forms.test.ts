import { expect, it, onTestFinished, vi } from "vitest";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { openS3UploadForms } from "../../adapters/aws/s3-upload-forms.ts";
import { TEST_AWS } from "../builders/aws-environment.ts";
import { readPolicy } from "../builders/s3-form-policy.ts";
import { usingCloudServers } from "./aws.builders.ts";
import { StandingClock } from "./builders.ts";
import { uploadFormsSuite } from "./upload-forms.suite.ts";

const KEY = "uploads/north/1";
const clock = new StandingClock();
const servers = usingCloudServers({ now: () => clock.now() });
let buckets = 0;

async function openForms() {
  const bucket = `forms-${++buckets}`;
  await servers().createBucket(bucket);
  const store = openS3ObjectStore({ bucket, bucketOwner: TEST_AWS.account });
  const forms = openS3UploadForms({ bucket, lifetimeSeconds: 900, clock });
  onTestFinished(() => {
    store.close();
    forms.close();
  });
  return { bucket, store, forms };
}

async function post(form: { url: string; fields: Readonly<Record<string, string>> }, file: Uint8Array) {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append("file", new Blob([Uint8Array.from(file)]), "a.zip");
  const response = await fetch(form.url, { method: "POST", body });
  const code = /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1];
  return response.ok ? "taken" : (code ?? String(response.status));
}

uploadFormsSuite("the S3 upload forms", async () => {
  const { store, forms } = await openForms();
  return {
    forms,
    post: async (form, file) => (await post(form, file)) === "taken",
    stored: async (key) => ((await store.head(key)) ? store.read(key) : null),
    now: () => clock.now(),
    passSeconds: async (seconds) => clock.passSeconds(seconds),
  };
});

it("signs for one key of one bucket, a range of sizes and a time, and for nothing else", async () => {
  const { bucket, forms } = await openForms();

  const { url, fields, expiresAt } = await forms.presign(KEY, { min: 1, max: 1000 });

  const day = clock.now().toISOString().slice(0, 10).replaceAll("-", "");
  const { expiration, conditions } = readPolicy(fields.Policy!);
  expect(url).toBe(`${servers().environment.AWS_ENDPOINT_URL_S3}/${bucket}`);
  expect(Object.keys(fields)).not.toContain("bucket");
  expect(fields.key).toBe(KEY);
  expect(expiration).toBe(expiresAt);
  expect(Math.abs(Date.parse(expiresAt) - clock.now().getTime() - 900_000)).toBeLessThanOrEqual(1000);
  expect(conditions).toEqual([
    ["content-length-range", 1, 1000],
    { bucket },
    { "X-Amz-Algorithm": "AWS4-HMAC-SHA256" },
    { "X-Amz-Credential": `${TEST_AWS.accessKeyId}/${day}/${TEST_AWS.region}/s3/aws4_request` },
    { "X-Amz-Date": fields["X-Amz-Date"] },
    { key: KEY },
  ]);
});

it("signs with the token of a role's session, which the form carries", async () => {
  vi.stubEnv("AWS_SESSION_TOKEN", "of-the-session");
  const { forms } = await openForms();

  const form = await forms.presign(KEY, { min: 0, max: 10 });
  vi.stubEnv("AWS_SESSION_TOKEN", undefined);

  expect(form.fields["X-Amz-Security-Token"]).toBe("of-the-session");
  expect(await post(form, Uint8Array.of(1))).toBe("taken");
});

it("addresses the bucket by its name at AWS itself", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL_S3", undefined);
  const forms = openS3UploadForms({ bucket: "north-objects", lifetimeSeconds: 900, clock });

  const { url } = await forms.presign(KEY, { min: 0, max: 10 });
  vi.stubEnv("AWS_ENDPOINT_URL_S3", servers().environment.AWS_ENDPOINT_URL_S3);

  expect(url).toBe(`https://north-objects.s3.${TEST_AWS.region}.amazonaws.com/`);
});

it.each([
  [5 * 2 ** 30, 5 * 2 ** 30],
  [5 * 2 ** 30 + 1, 5 * 2 ** 30],
  [50e9, 5 * 2 ** 30],
])("makes of %d bytes at most the %d that S3 takes in one POST", async (max, most) => {
  const { forms } = await openForms();

  const { fields } = await forms.presign(KEY, { min: 1, max });

  expect(readPolicy(fields.Policy!).conditions).toContainEqual(["content-length-range", 1, most]);
});

it("is good for the bucket that it was made for, and for no other of the same account", async () => {
  const { forms } = await openForms();
  const other = await openForms();
  const form = await forms.presign(KEY, { min: 0, max: 10 });

  const moved = { ...form, url: form.url.replace(/[^/]+$/, other.bucket) };

  expect(await post(moved, Uint8Array.of(1))).toBe("AccessDenied");
  expect(await other.store.head(KEY)).toBeNull();
});

it("takes no field beyond those that were signed", async () => {
  const { store, forms } = await openForms();
  const form = await forms.presign(KEY, { min: 0, max: 10 });

  const more = { ...form, fields: { ...form.fields, acl: "public-read" } };

  expect(await post(more, Uint8Array.of(1))).toBe("AccessDenied");
  expect(await store.head(KEY)).toBeNull();
});

it("keeps both files where one form is sent twice, each under a version of its own", async () => {
  const { store, forms } = await openForms();
  const form = await forms.presign(KEY, { min: 0, max: 10 });

  await post(form, Uint8Array.of(1));
  const first = await store.head(KEY);
  await post(form, Uint8Array.of(2));

  expect(await store.read(KEY)).toEqual(Uint8Array.of(2));
  expect(await store.read(KEY, first!.version)).toEqual(Uint8Array.of(1));
});
