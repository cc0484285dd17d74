import { chmodSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import type { ZodType } from "zod";
import { StorageUnavailable } from "../../core/errors.ts";
import type { AfterDurableWrite, DurableWrite } from "./durable-write.ts";
import { MIGRATIONS } from "./sqlite-migrations.ts";

export interface SqliteDatabaseOptions {
  readonly file: string;
  /** How long to wait for another process that writes. @default 5000 */
  readonly busyTimeoutMs?: number;
  /** Called for every write of every store on this database: they have no other way to write. */
  readonly afterWrite?: AfterDurableWrite | undefined;
}

export type SqlRow = Record<string, SQLOutputValue>;

/** Statements inside {@link SqliteDatabase.read} and {@link SqliteDatabase.write}. */
export interface Sql {
  all(statement: string, ...values: SQLInputValue[]): SqlRow[];
  one(statement: string, ...values: SQLInputValue[]): SqlRow | undefined;
  /** @returns the number of rows changed */
  run(statement: string, ...values: SQLInputValue[]): number;
}

export interface SqliteDatabase {
  /** @throws StorageUnavailable */
  read<T>(query: (sql: Sql) => T): T;
  /** One transaction, durable once this returns; the name is reported if a row changed. @throws StorageUnavailable */
  write<T>(name: DurableWrite, change: (sql: Sql) => T): T;
  close(): void;
}

/**
 * Opens the one file that gradings, records and queues share, and brings its tables up to date.
 *
 * @example
 * const database = openSqliteDatabase({ file: ".data/blastograde.sqlite" });
 * const gradings = openSqliteGradingStore({ database });
 */
export function openSqliteDatabase(options: SqliteDatabaseOptions): SqliteDatabase {
  const file = resolve(options.file);
  const connection = explained(file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const opened = new DatabaseSync(file, { timeout: options.busyTimeoutMs ?? 5_000 });
    chmodSync(file, 0o600); // The rows name patients' embryos.
    // FULL flushes the log at every commit. With NORMAL a power cut loses the last commits, and with them an upload that
    // was already answered.
    opened.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    return opened;
  });

  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const prepared = (statement: string) => {
    const known = statements.get(statement) ?? connection.prepare(statement);
    statements.set(statement, known);
    return known;
  };
  const sql: Sql = {
    all: (statement, ...values) => prepared(statement).all(...values),
    one: (statement, ...values) => prepared(statement).get(...values),
    run: (statement, ...values) => Number(prepared(statement).run(...values).changes),
  };
  const rowsChanged = () => Number(connection.prepare("SELECT total_changes() AS n").get()?.n);

  const database: SqliteDatabase = {
    read: (query) => explained(file, () => query(sql)),

    write(name, change) {
      const { result, changed } = explained(file, () =>
        inTransaction(connection, () => {
          const before = rowsChanged();
          return { result: change(sql), changed: rowsChanged() > before };
        }),
      );
      if (changed) options.afterWrite?.(name);
      return result;
    },

    close: () => connection.close(),
  };

  try {
    explained(file, () => migrate(file, connection, options.afterWrite));
  } catch (error) {
    connection.close();
    throw error;
  }
  return database;
}

function inTransaction<T>(connection: DatabaseSync, run: () => T): T {
  connection.exec("BEGIN IMMEDIATE"); // Takes the write lock at once: a later upgrade could not wait for it.
  try {
    const result = run();
    connection.exec("COMMIT");
    return result;
  } catch (error) {
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}

function migrate(file: string, connection: DatabaseSync, afterWrite: AfterDurableWrite | undefined): void {
  const stepsSeen = () => Number(connection.prepare("PRAGMA user_version").get()?.user_version);
  if (stepsSeen() > MIGRATIONS.length) {
    throw new StorageUnavailable(`${file} was written by a newer version of Blastograde; start that one.`);
  }
  while (stepsSeen() < MIGRATIONS.length) {
    const migrated = inTransaction(connection, () => {
      const step = stepsSeen(); // Asked again inside the transaction: another process may have been first.
      if (step >= MIGRATIONS.length) return false;
      connection.exec(MIGRATIONS[step]!);
      connection.exec(`PRAGMA user_version = ${step + 1}`);
      return true;
    });
    if (migrated) afterWrite?.("database.migrate");
  }
}

/** A row's JSON as its schema has it; a row that breaks it is a damaged file, or one of another version. */
export function parseBody<T>(schema: ZodType<T>, row: SqlRow): T {
  try {
    return schema.parse(JSON.parse(String(row.body)));
  } catch (error) {
    throw new StorageUnavailable("A row of the database cannot be read by this version of Blastograde.", {
      cause: error,
    });
  }
}

/** SQLite's primary result codes that a caller can do something about. @see https://sqlite.org/rescode.html */
const WHAT_HAPPENED: Readonly<Record<number, string>> = {
  5: "another process is writing to it",
  6: "another statement is writing to it",
  7: "there is not enough memory",
  8: "it is read-only; check the file's owner",
  10: "the disk reports an error, or is full",
  11: "it is damaged; restore it from a copy",
  13: "the disk is full; make room and try again",
  14: "it cannot be opened; check the folder's owner",
  26: "it is no SQLite database",
};

function explained<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const happened = whatHappened(error);
    if (happened === null) throw error;
    throw new StorageUnavailable(`The database ${file} is not available: ${happened}.`, { cause: error });
  }
}

function whatHappened(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ("errcode" in error && typeof error.errcode === "number") return WHAT_HAPPENED[error.errcode & 0xff] ?? null;
  if ("syscall" in error) return error.message;
  if ("code" in error && error.code === "ERR_INVALID_STATE") return "it has been closed";
  return null;
}
