import { spawnSync } from "node:child_process";
import { stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { onDisk } from "../../adapters/local/folder-failure.ts";
import { openSqliteDatabase } from "../../adapters/local/sqlite-database.ts";
import { openSqliteGradingStore } from "../../adapters/local/sqlite-grading-store.ts";
import { openQueue } from "../../adapters/local/sqlite-queue.ts";
import { openSqliteRecordStore } from "../../adapters/local/sqlite-record-store.ts";
import { systemClock } from "../../adapters/system/clock-and-ids.ts";
import { aGrading, aRecord, temporaryFolder } from "./builders.ts";
import { Job } from "./queue.suite.ts";

async function openDatabase(options: { busyTimeoutMs?: number; afterWrite?: (name: string) => void } = {}) {
  const file = join(await temporaryFolder(), "test.sqlite");
  const database = openSqliteDatabase({ file, ...options });
  onTestFinished(() => database.close());
  return { file, database };
}

it("keeps the file for this user's eyes only", async () => {
  const { file } = await openDatabase();

  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it("names every write that changed a row, after it was committed, and no other", async () => {
  const names: string[] = [];
  const { database } = await openDatabase({ afterWrite: (name) => names.push(name) });
  const gradings = openSqliteGradingStore({ database });
  const records = openSqliteRecordStore({ database });

  await gradings.create(aGrading());
  await gradings.create(aGrading()).catch(() => {});
  await gradings.change("grading-1", ["received"], { status: "cropping" });
  await gradings.change("grading-1", ["received"], { status: "cropping" });
  for (const version of ["1", "2"]) await gradings.pinVersion("grading-1", version);
  for (let n = 0; n < 2; n++) await records.putOnce(aRecord());

  expect(names).toEqual(["database.migrate", "grading.create", "grading.change", "grading.pin", "record.put"]);
});

it("asks to try again while another process writes", async () => {
  const { file, database } = await openDatabase({ busyTimeoutMs: 10 });
  const other = new DatabaseSync(file);
  onTestFinished(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  const store = openSqliteGradingStore({ database });

  const creating = store.create(aGrading());

  await expect(creating).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", retryable: true });
  other.exec("ROLLBACK");
  await store.create(aGrading());
});

it("says that the disk is full and keeps what it has", async () => {
  const { database } = await openDatabase();
  const store = openSqliteGradingStore({ database });
  await store.create(aGrading());
  database.read((sql) => sql.one("PRAGMA max_page_count = 1")); // SQLite takes the pages that there are.

  const warnings = [{ code: "LONG", detail: "x".repeat(100_000) }];
  const creating = store.create(aGrading({ gradingId: "large", warnings }));

  await expect(creating).rejects.toMatchObject({
    code: "STORAGE_UNAVAILABLE",
    message: expect.stringContaining("full"),
  });
  expect(await store.find("large")).toBeNull();
  expect(await store.find("grading-1")).toEqual(aGrading());
});

it("says that a file is no database, and that a database is closed", async () => {
  const file = join(await temporaryFolder(), "test.sqlite");
  await writeFile(file, "no database at all, but long enough to look like one ".repeat(100));
  const closed = openSqliteDatabase({ file: join(await temporaryFolder(), "test.sqlite") });
  closed.close();

  const unavailable = expect.objectContaining({ code: "STORAGE_UNAVAILABLE" });
  expect(() => openSqliteDatabase({ file })).toThrow(unavailable);
  await expect(openSqliteGradingStore({ database: closed }).find("a")).rejects.toEqual(unavailable);
});

it("leaves a database of a newer version alone", async () => {
  const { file, database } = await openDatabase();
  database.read((sql) => sql.one("PRAGMA user_version = 999"));

  expect(() => openSqliteDatabase({ file })).toThrow(/newer version/);
});

it("says that a row is of another version instead of handing it on", async () => {
  const { database } = await openDatabase();
  const store = openSqliteGradingStore({ database });
  await store.create(aGrading());
  database.write("grading.change", (sql) => sql.run(`UPDATE gradings SET body = '{"status":"flying"}'`));

  await expect(store.find("grading-1")).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
});

it.each(["ENOSPC", "EDQUOT"])("says what to do about a folder's %s", async (code) => {
  const failing = onDisk("/data", "store an object", () => Promise.reject(Object.assign(new Error(code), { code })));

  await expect(failing).rejects.toMatchObject({
    code: "STORAGE_UNAVAILABLE",
    message: expect.stringContaining("room"),
  });
});

const LIFE_OF_A_MESSAGE = ["queue.send", "queue.take", "queue.retry", "queue.take", "queue.bury"];

it.each(LIFE_OF_A_MESSAGE.map((write, k) => [k + 1, write] as const))(
  "loses no message when the process is killed right after write %d, %s",
  async (k, write) => {
    const file = join(await temporaryFolder(), "test.sqlite");
    const killed = runAndDie(file, k);

    const database = openSqliteDatabase({ file });
    onTestFinished(() => database.close());
    const queue = openJobs(database);
    await queue.releaseTaken();
    const { ready, taken, dead } = await queue.depth();

    expect(killed).toEqual({ signal: "SIGKILL", stdout: write });
    expect({ ready, taken, dead }).toEqual({ ready: write === "queue.bury" ? 0 : 1, taken: 0, dead: 1 - ready });
  },
);

function openJobs(database: ReturnType<typeof openSqliteDatabase>) {
  const options = { name: "jobs", schema: Job, clock: systemClock, visibilitySeconds: 600, maxAttempts: 5 };
  return openQueue({ database, ...options });
}

/** Sends, takes, retries, takes and buries one message, and is killed after its `k`-th write. */
function runAndDie(file: string, k: number) {
  const from = (adapter: string) => JSON.stringify(resolve("adapters/local", adapter));
  const source = `
    import { writeSync } from "node:fs";
    import { z } from "zod";
    import { openSqliteDatabase } from ${from("sqlite-database.ts")};
    import { openQueue } from ${from("sqlite-queue.ts")};
    import { systemClock } from ${from("../system/clock-and-ids.ts")};
    let writes = 0;
    const afterWrite = (name) => {
      if (name === "database.migrate" || ++writes < ${k}) return;
      writeSync(1, name);
      process.kill(process.pid, "SIGKILL");
    };
    const database = openSqliteDatabase({ file: ${JSON.stringify(file)}, afterWrite });
    const schema = z.object({ n: z.number() });
    const options = { database, name: "jobs", schema, clock: systemClock, visibilitySeconds: 600, maxAttempts: 5 };
    const queue = openQueue(options);
    await queue.send({ n: 1 });
    await (await queue.take()).retry(new Error("again"), 0);
    await (await queue.take()).bury(new Error("enough"));
  `;
  const { signal, stdout } = spawnSync(resolve("node_modules/.bin/node"), ["--input-type=module", "--eval", source]);
  return { signal, stdout: stdout.toString() };
}
