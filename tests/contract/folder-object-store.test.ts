import { spawnSync } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { openFolderObjectStore } from "../../adapters/local/folder-object-store.ts";
import { temporaryFolder } from "./builders.ts";
import { objectStoreSuite } from "./object-store.suite.ts";

objectStoreSuite("the folder store", async () => openFolderObjectStore({ root: await temporaryFolder() }));

it("finds everything again after a restart", async () => {
  const root = await temporaryFolder();
  const written = await (await openFolderObjectStore({ root })).write("a/b.zip", Uint8Array.of(1, 2));

  const reopened = await openFolderObjectStore({ root });

  expect(await reopened.head("a/b.zip")).toEqual(written);
  expect(await reopened.read("a/b.zip", written.version)).toEqual(Uint8Array.of(1, 2));
});

it.each(["", "/etc/passwd", "../escape", "a/../../escape", "a/./b", "a//b", "a/", "a@", "a\0b", "ä", "a b", "a\\b"])(
  "takes %j for no key: nothing lies there and nothing can be put there",
  async (key) => {
    const root = await temporaryFolder();
    const store = await openFolderObjectStore({ root });

    await expect(store.write(key, Uint8Array.of(1))).rejects.toThrow(RangeError);
    await expect(store.read(key)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
    expect(await store.head(key)).toBeNull();
    expect(await readdir(root)).toEqual([".incoming"]);
  },
);

it("takes keys of up to 1024 characters and segments of up to 200", async () => {
  const store = await openFolderObjectStore({ root: await temporaryFolder() });
  const longest = Array.from({ length: 5 }, () => "k".repeat(200)).join("/");

  await store.write(longest, Uint8Array.of(1));

  expect(await store.read(longest)).toEqual(Uint8Array.of(1));
  await expect(store.write("k".repeat(201), Uint8Array.of(1))).rejects.toThrow(RangeError);
  await expect(store.write(`${longest}/${"k".repeat(30)}`, Uint8Array.of(1))).rejects.toThrow(RangeError);
});

it("reads no version through a path", async () => {
  const root = await temporaryFolder();
  const store = await openFolderObjectStore({ root });
  await store.write("a", Uint8Array.of(1));
  await writeFile(join(root, "outside"), "secret");

  expect(await store.head("a", "../outside")).toBeNull();
});

it("stores a stream whole", async () => {
  const store = await openFolderObjectStore({ root: await temporaryFolder() });

  const written = await store.writeStream("a", chunks([1, 2], [], [3]), { maxBytes: 3 });

  expect(written.size).toBe(3);
  expect(await store.read("a")).toEqual(Uint8Array.of(1, 2, 3));
});

it.each([
  ["too long", chunks([1, 2], [3, 4]), "UPLOAD_REFUSED"],
  ["too short", chunks([1]), "UPLOAD_REFUSED"],
  ["broken off", broken([1, 2]), "ERR_CUT"],
])("leaves nothing of a stream that is %s", async (_what, stream, code) => {
  const root = await temporaryFolder();
  const store = await openFolderObjectStore({ root });

  await expect(store.writeStream("a", stream, { minBytes: 2, maxBytes: 3 })).rejects.toMatchObject({ code });

  expect(await store.head("a")).toBeNull();
  expect(await readdir(join(root, ".incoming"))).toEqual([]);
});

it("shows nothing of a writer killed half way, and sweeps up after it at the next start", async () => {
  const root = await temporaryFolder();
  const killed = runAndDie(`
    const store = await openFolderObjectStore({ root: ${JSON.stringify(root)} });
    async function* half() { yield new Uint8Array(100_000); process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); }
    await store.writeStream("a", half(), { maxBytes: 1e9 });
  `);
  const left = await readdir(join(root, ".incoming"));

  const store = await openFolderObjectStore({ root });

  expect(killed).toBe("SIGKILL");
  expect(left).toHaveLength(1);
  expect(await store.head("a")).toBeNull();
  expect(await readdir(join(root, ".incoming"))).toEqual([]);
});

it.each(["write", "writeStream"])("keeps an object whose writer is killed right after the durable %s", async (call) => {
  const root = await temporaryFolder();
  const content = call === "write" ? "Uint8Array.of(1, 2, 3)" : "[Uint8Array.of(1, 2, 3)], { maxBytes: 3 }";
  const killed = runAndDie(`
    const afterWrite = () => process.kill(process.pid, "SIGKILL");
    const store = await openFolderObjectStore({ root: ${JSON.stringify(root)}, afterWrite });
    await store.${call}("a", ${content});
  `);

  const store = await openFolderObjectStore({ root });

  expect(killed).toBe("SIGKILL");
  expect(await store.read("a")).toEqual(Uint8Array.of(1, 2, 3));
});

it("leaves the unfinished file of another writer that is alive", async () => {
  const root = await temporaryFolder();
  const first = await openFolderObjectStore({ root });
  async function* whileAnotherOpens() {
    yield Uint8Array.of(1);
    await openFolderObjectStore({ root });
    yield Uint8Array.of(2);
  }

  await first.writeStream("a", whileAnotherOpens(), { maxBytes: 2 });

  expect(await first.read("a")).toEqual(Uint8Array.of(1, 2));
});

it("says what to do when the folder is not usable", async () => {
  const file = join(await temporaryFolder(), "file");
  await writeFile(file, "");

  const opening = openFolderObjectStore({ root: file });

  await expect(opening).rejects.toMatchObject({
    code: "STORAGE_UNAVAILABLE",
    retryable: true,
    cause: expect.any(Error),
  });
});

async function* chunks(...values: number[][]) {
  for (const value of values) yield Uint8Array.from(value);
}

async function* broken(...values: number[][]) {
  yield* chunks(...values);
  throw Object.assign(new Error("cut"), { code: "ERR_CUT" });
}

/** Runs a script in a process of its own. @returns the signal that ended it */
function runAndDie(script: string) {
  const adapter = resolve("adapters/local/folder-object-store.ts");
  const source = `import { openFolderObjectStore } from ${JSON.stringify(adapter)};\n${script}`;
  return spawnSync(resolve("node_modules/.bin/node"), ["--input-type=module", "--eval", source]).signal;
}
