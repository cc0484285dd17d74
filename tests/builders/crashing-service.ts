import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { DurableWrite } from "../../adapters/local/durable-write.ts";
import { openSqliteDatabase, type Sql, type SqliteDatabase } from "../../adapters/local/sqlite-database.ts";
import { gradedUpload, type Send } from "../../cli/client.ts";
import type { GradingAnswer } from "../../core/contracts/grading.ts";
import { type UploadOptions, UploadTicket } from "../../core/contracts/http.ts";

/** A folder that one service after the other keeps its state in; removed when the test is over. */
export async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-crash-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The number of a durable write from 1 on, the first of a name, or the third of a name (`queue.send#3`). */
type KillAfter = number | DurableWrite | `${DurableWrite}#${number}`;

/** The service in a process of its own. */
export interface CrashingService {
  /** Null when it died before it listened. */
  readonly url: Promise<string | null>;
  /** Names of the durable writes so far, the one it died after included. */
  readonly writes: readonly DurableWrite[];
  readonly ended: Promise<"killed" | "stopped" | "failed">;
  /** Lets it finish what it has, and ends it. */
  stop(): Promise<"killed" | "stopped" | "failed">;
}

/** @param killAfter without it the service lives */
export function startService(dataDir: string, killAfter?: KillAfter): CrashingService {
  const script = join(import.meta.dirname, "../e2e/crashing-service.fixture.ts");
  const args = [script, dataDir, ...(killAfter === undefined ? [] : [String(killAfter)])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const writes: DurableWrite[] = [];
  const url = Promise.withResolvers<string | null>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [what, value] = line.split(" ") as [string, string];
    if (what === "write") writes.push(value as DurableWrite);
    else url.resolve(value);
  });
  const ended = new Promise<"killed" | "stopped" | "failed">((resolve) => {
    // Not "exit": all that it said has been read by then.
    child.once("close", (code, signal) => {
      url.resolve(null);
      resolve(signal === "SIGKILL" ? "killed" : code === 0 ? "stopped" : "failed");
    });
  });
  return {
    url: url.promise,
    writes,
    ended,
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/**
 * A clinic's client that takes only an answer for an answer: whatever it was not told the success of, it does again after
 * the next start.
 */
export class PersistentClient {
  readonly #archive: Blob;
  readonly #options: UploadOptions;
  #ticket: UploadTicket | null = null;
  #accepted = false;

  constructor(archive: Blob, options: UploadOptions = {}) {
    this.#archive = archive;
    this.#options = options;
  }

  /** Uploads what is not accepted yet and waits for the end. @throws when the service dies meanwhile */
  async bringIn(url: string): Promise<GradingAnswer> {
    const send = patiently(url);
    this.#ticket ??= await this.#ask(send);
    if (!this.#accepted) await this.#post(send, this.#ticket);
    return gradedUpload(send, this.#ticket.uploadId);
  }

  /** Asks without uploading again, as a client that went away and came back. */
  async waitForEnd(url: string): Promise<GradingAnswer> {
    return gradedUpload(patiently(url), this.#ticket!.uploadId);
  }

  async #ask(send: Send): Promise<UploadTicket> {
    const headers = { "Content-Type": "application/json" };
    const asked = await send("/v1/uploads", { method: "POST", headers, body: JSON.stringify(this.#options) });
    return UploadTicket.parse(await asked.json());
  }

  async #post(send: Send, { url, fields }: UploadTicket): Promise<void> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", this.#archive, "upload");
    const posted = await send(new URL(url).pathname, { method: "POST", body: form });
    if (!posted.ok) throw new Error(`the upload was answered ${posted.status}: ${await posted.text()}`);
    this.#accepted = true;
  }
}

/** Requests to one service. A grading takes seconds: one that is still open after minutes was lost, and waiting ends. */
function patiently(url: string): Send {
  const signal = AbortSignal.timeout(180_000);
  return (path, init) => fetch(url + path, { ...init, signal });
}

/** Starts a service that is to die, and has the client do what it can until then. */
export async function untilItDies(dataDir: string, killAfter: KillAfter, client?: PersistentClient) {
  const service = startService(dataDir, killAfter);
  const url = await service.url;
  try {
    if (url !== null) await client?.bringIn(url);
  } catch {
    // Died under the client's request, or will be told from its end that it did not.
  }
  return { ended: await service.stop(), writes: service.writes };
}

/** Starts a service that lives, waits for the upload's end and for the queues to be empty, and stops it. */
export async function untilTheEnd(dataDir: string, client: PersistentClient) {
  const service = startService(dataDir);
  const answer = await client.bringIn((await service.url)!);
  return { answer, ended: await service.stop(), writes: service.writes };
}

/** What lies in a stopped service's database. */
export function ledgerOf(dataDir: string) {
  return onDatabase(dataDir, (database) =>
    database.read((sql) => ({
      records: count(sql, "records"),
      messages: count(sql, "messages"),
      deadLetters: sql.all("SELECT queue, reason FROM dead_letters ORDER BY id").map(({ queue, reason }) => {
        return `${queue}: ${String(reason).split(":")[0]}`;
      }),
    })),
  );
}

/** Puts a message in a stopped service's queue that no version of ours has sent. */
export function plantPoison(dataDir: string, queue: string): void {
  onDatabase(dataDir, (database) =>
    database.write("queue.send", (sql) =>
      sql.run("INSERT INTO messages (queue, body, visible_at) VALUES (?, ?, 0)", queue, '{"poison":true}'),
    ),
  );
}

function count(sql: Sql, table: "records" | "messages"): number {
  return Number(sql.one(`SELECT count(*) AS n FROM ${table}`)?.n);
}

function onDatabase<T>(dataDir: string, work: (database: SqliteDatabase) => T): T {
  const database = openSqliteDatabase({ file: join(dataDir, "blastograde.sqlite") });
  try {
    return work(database);
  } finally {
    database.close();
  }
}
