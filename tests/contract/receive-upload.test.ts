import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, it, onTestFinished } from "vitest";
import { openFolderObjectStore } from "../../adapters/local/folder-object-store.ts";
import { receiveUpload } from "../../adapters/local/receive-upload.ts";
import { openUploadForms } from "../../adapters/local/upload-form.ts";
import type { UploadForm } from "../../core/ports.ts";
import { StandingClock, temporaryFolder } from "./builders.ts";
import { uploadFormsSuite } from "./upload-forms.suite.ts";

const KEY = "uploads/north/1.zip";

async function openReceiver() {
  const root = await temporaryFolder();
  const clock = new StandingClock();
  const secret = new Uint8Array(32).fill(7);
  const store = await openFolderObjectStore({ root });
  const forms = openUploadForms({ baseUrl: () => "http://local", secret, clock, lifetimeSeconds: 900 });
  return { root, clock, store, forms };
}

type Part = readonly [name: string, value: string] | readonly [name: string, value: Uint8Array, fileName: string];

const fieldsOf = (form: UploadForm): Part[] => Object.entries(form.fields);
const fileOf = (size: number): Part => ["file", new Uint8Array(size).fill(7), "a.zip"];

/** The bytes of a form, written by hand so that a test can break them anywhere. */
function encode(parts: readonly Part[]) {
  const pieces = parts.flatMap(([name, value, fileName]) => [
    `--edge\r\nContent-Disposition: form-data; name="${name}"${fileName ? `; filename="${fileName}"` : ""}\r\n\r\n`,
    value,
    "\r\n",
  ]);
  const body = Buffer.concat([...pieces, "--edge--\r\n"].map((piece) => Buffer.from(piece as string)));
  return { body, contentType: "multipart/form-data; boundary=edge" };
}

function inPieces(body: Buffer, size: number): Readable {
  const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, n) =>
    body.subarray(n * size, (n + 1) * size),
  );
  return Readable.from(pieces);
}

uploadFormsSuite("the local upload forms", async () => {
  const { clock, store, forms } = await openReceiver();
  return {
    forms,
    async post(form, file) {
      const body = new FormData();
      for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
      body.append("file", new Blob([Uint8Array.from(file)]), "a.zip");
      const posted = new Request(form.url, { method: "POST", body });
      const contentType = posted.headers.get("content-type") ?? "";
      return receiveUpload({ body: posted.body!, contentType, forms, store }).then(
        () => true,
        (error) => {
          expect(error).toMatchObject({ code: "UPLOAD_REFUSED", retryable: false });
          return false;
        },
      );
    },
    stored: async (key) => ((await store.head(key)) ? store.read(key) : null),
    now: () => clock.now(),
    passSeconds: async (seconds) => clock.passSeconds(seconds),
  };
});

it.each([1, 3, 1000, 65_536])("puts a form together that arrives in pieces of %d bytes", async (size) => {
  const { store, forms } = await openReceiver();
  const form = await forms.presign(KEY, { min: 1, max: 10_000 });
  const { body, contentType } = encode([...fieldsOf(form), fileOf(3_000)]);

  const stored = await receiveUpload({ body: inPieces(body, size), contentType, forms, store });

  expect(stored).toEqual({ key: KEY, version: expect.any(String), size: 3_000 });
  expect(await store.read(KEY)).toEqual(new Uint8Array(3_000).fill(7));
});

const broken: [string, (good: Part[]) => Part[]][] = [
  ["has no file", (good) => good.slice(0, -1)],
  ["has its file first", (good) => [good.at(-1)!, ...good.slice(0, -1)]],
  ["has two files", (good) => [...good, fileOf(1)]],
  ["has a field twice", (good) => [good[0]!, ...good]],
  ["has a field that is too long", (good) => [["more", "x".repeat(10_000)], ...good]],
  ["has too many fields", (good) => [...Array.from({ length: 30 }, (_, n): Part => [`f${n}`, ""]), ...good]],
  ["is not signed", (good) => good.filter(([name]) => name !== "signature")],
  ["names a prototype", (good) => [["__proto__", "x"], ...good.slice(1)]],
];
it.each(broken)("refuses a form that %s, and stores nothing", async (_what, spoil) => {
  const { root, store, forms } = await openReceiver();
  const form = await forms.presign(KEY, { min: 1, max: 10_000 });
  const { body, contentType } = encode(spoil([...fieldsOf(form), fileOf(3_000)]));

  const receiving = receiveUpload({ body: inPieces(body, 500), contentType, forms, store });

  await expect(receiving).rejects.toMatchObject({ code: "UPLOAD_REFUSED" });
  expect(await readdir(root, { recursive: true })).toEqual([".incoming"]);
});

it("refuses a form cut off anywhere, and stores nothing", async () => {
  const { root, store, forms } = await openReceiver();
  const form = await forms.presign(KEY, { min: 1, max: 10_000 });
  const { body, contentType } = encode([...fieldsOf(form), fileOf(40)]);

  // Without its last line break it is whole: that one adds nothing.
  for (let length = 0; length <= body.length - 3; length++) {
    const receiving = receiveUpload({ body: inPieces(body.subarray(0, length), 100), contentType, forms, store });
    await expect(receiving, `cut after ${length} bytes`).rejects.toMatchObject({ code: "UPLOAD_REFUSED" });
  }

  expect(await readdir(root, { recursive: true })).toEqual([".incoming"]);
});

it.each([
  "",
  "multipart/form-data",
  "application/x-www-form-urlencoded",
  "text/plain",
  "multipart/form-data; boundary=",
])("refuses a body of type %j", async (contentType) => {
  const { store, forms } = await openReceiver();

  const receiving = receiveUpload({ body: Readable.from([Buffer.from("a=b")]), contentType, forms, store });

  await expect(receiving).rejects.toMatchObject({ code: "UPLOAD_REFUSED" });
});

it.each([
  ["an unsigned form", 22, (good: Part[]) => good.filter(([name]) => name !== "signature")],
  ["a file that has become too long", 22, (good: Part[]) => good],
  ["a part whose header has no end", 30, (good: Part[]) => good],
])("soon stops reading %s, and stores nothing", async (_what, cut, spoil) => {
  const { root, store, forms } = await openReceiver();
  const form = await forms.presign(KEY, { min: 1, max: 100_000 });
  const { body, contentType } = encode(spoil([...fieldsOf(form), fileOf(10)]));
  let read = 0;
  async function* long() {
    yield body.subarray(0, -cut);
    for (; read < 1_000; read++) yield new Uint8Array(65_536);
  }

  const receiving = receiveUpload({ body: Readable.from(long()), contentType, forms, store });

  await expect(receiving).rejects.toMatchObject({ code: "UPLOAD_REFUSED" });
  expect(read).toBeLessThan(50);
  expect(await readdir(root, { recursive: true })).toEqual([".incoming"]);
});

it("stores nothing of a client that hangs up in the middle", async () => {
  const { root, store, forms } = await openReceiver();
  const form = await forms.presign(KEY, { min: 1, max: 10_000_000 });
  const { body, contentType } = encode([...fieldsOf(form), fileOf(500_000)]);
  const outcome = Promise.withResolvers<unknown>();
  const server = createServer((incoming) => {
    receiveUpload({ body: incoming, contentType, forms, store }).then(outcome.resolve, outcome.resolve);
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");

  const headers = { "content-length": String(body.length) };
  const sending = request({ port: (server.address() as AddressInfo).port, method: "POST", headers });
  sending.on("error", () => {});
  sending.write(body.subarray(0, 300_000), () => setTimeout(() => sending.destroy(), 50));

  expect(await outcome.promise).toMatchObject({ code: "UPLOAD_REFUSED" });
  expect(await readdir(join(root, ".incoming"))).toEqual([]);
  expect(await store.head(KEY)).toBeNull();
});

it("passes on that there is no room, and stores nothing", async () => {
  const { store, forms } = await openReceiver();
  const form = await forms.presign(KEY, { min: 1, max: 10_000 });
  const { body, contentType } = encode([...fieldsOf(form), fileOf(3_000)]);
  const full = Object.assign(new Error("full"), { code: "STORAGE_UNAVAILABLE", retryable: true });
  const fullStore = { ...store, writeStream: () => Promise.reject(full) };

  const receiving = receiveUpload({ body: inPieces(body, 500), contentType, forms, store: fullStore });

  await expect(receiving).rejects.toBe(full);
});

it("takes a signature for a refusal only, whatever is sent as one", async () => {
  const { forms } = await openReceiver();
  const { fields } = await forms.presign(KEY, { min: 1, max: 10 });

  for (const signature of ["", "é", "0".repeat(64), fields.signature?.toUpperCase() ?? "", `${fields.signature} `]) {
    expect(() => forms.verify({ ...fields, signature })).toThrow(expect.objectContaining({ code: "UPLOAD_REFUSED" }));
  }
  expect(forms.verify(fields)).toEqual({ key: KEY, minBytes: 1, maxBytes: 10 });
});
