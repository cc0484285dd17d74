import type { ZodType } from "zod";
import { isBlastogradeError } from "../../core/errors.ts";
import type { Clock, Sender } from "../../core/ports.ts";
import type { Sql, SqliteDatabase, SqlRow } from "./sqlite-database.ts";

/** One message in the hands of a consumer. A delivery that expired and was taken again can no longer change anything. */
export interface Delivery<Message> {
  readonly message: Message;
  /** 1 for the first. A process that dies with the message in its hands has used up an attempt. */
  readonly attempt: number;
  /**
   * 0 for the last one. Below 0 the attempts are used up, by processes that died: the message is not to be handled again
   * but closed and buried. It is still handed out, so that whoever waits for it can be told.
   */
  readonly attemptsLeft: number;
  /** Code and message of the error that the attempt before ended with. */
  readonly lastError: string | null;
  /** The message is done with. */
  finish(): Promise<void>;
  /** Hands the message out again after the delay. */
  retry(error: unknown, delaySeconds: number): Promise<void>;
  /** Moves the message to the dead letters. */
  bury(error: unknown): Promise<void>;
}

export interface DeadLetter {
  readonly body: string;
  readonly reason: string;
  readonly buriedAt: string;
}

export interface QueueDepth {
  /** Waiting, also where a retry's delay has not passed. */
  readonly ready: number;
  readonly taken: number;
  readonly dead: number;
}

export interface Queue<Message> extends Sender<Message> {
  /** The oldest visible message; null when there is none. Bodies that do not parse go straight to the dead letters. */
  take(): Promise<Delivery<Message> | null>;
  /** For the start: what a killed process had taken becomes visible at once. */
  releaseTaken(): Promise<void>;
  deadLetters(): Promise<DeadLetter[]>;
  depth(): Promise<QueueDepth>;
  /** Calls `listener` after each send of this process. @returns how to stop that */
  onSend(listener: () => void): () => void;
}

export interface QueueOptions<Message> {
  readonly database: SqliteDatabase;
  readonly name: string;
  readonly schema: ZodType<Message>;
  readonly clock: Clock;
  /** How long a delivery may take before the message is handed out again. */
  readonly visibilitySeconds: number;
  readonly maxAttempts: number;
}

/**
 * A persistent queue: delivers at least once, oldest first, as SQS does with a visibility timeout.
 *
 * @example
 * const jobs = openQueue({ database, name: "crop", schema: CropJob, clock, visibilitySeconds: 900, maxAttempts: 5 });
 * await jobs.send({ gradingId, clinicId });
 * const delivery = await jobs.take();
 */
export function openQueue<Message>(options: QueueOptions<Message>): Queue<Message> {
  const { database, name, schema, clock, visibilitySeconds, maxAttempts } = options;
  const listeners = new Set<() => void>();
  const now = () => clock.now().getTime();

  function deliver(row: SqlRow, message: Message): Delivery<Message> {
    const id = Number(row.id);
    const attempt = Number(row.attempts);
    // Attempts only grow, so id and attempt together are the receipt of this delivery and of no later one.
    const mine = "queue = ? AND id = ? AND attempts = ?";
    return {
      message,
      attempt,
      attemptsLeft: maxAttempts - attempt,
      lastError: row.last_error === null ? null : String(row.last_error),

      async finish() {
        database.write("queue.finish", (sql) => sql.run(`DELETE FROM messages WHERE ${mine}`, name, id, attempt));
      },

      async retry(error, delaySeconds) {
        database.write("queue.retry", (sql) =>
          sql.run(
            `UPDATE messages SET taken = 0, visible_at = ?, last_error = ? WHERE ${mine}`,
            now() + Math.round(delaySeconds * 1000),
            sentenceOf(error),
            name,
            id,
            attempt,
          ),
        );
        wake();
      },

      async bury(error) {
        database.write("queue.bury", (sql) => {
          const row = sql.one(`SELECT id, body FROM messages WHERE ${mine}`, name, id, attempt);
          if (row) moveToDeadLetters(sql, row, sentenceOf(error));
        });
      },
    };
  }

  function moveToDeadLetters(sql: Sql, row: SqlRow, reason: string): void {
    sql.run(
      "INSERT INTO dead_letters (queue, body, reason, buried_at) VALUES (?, ?, ?, ?)",
      name,
      String(row.body),
      reason,
      clock.now().toISOString(),
    );
    sql.run("DELETE FROM messages WHERE id = ?", Number(row.id));
  }

  /** Removes unreadable messages from the head of the queue, so that a poison message stops nobody behind it. */
  function buryPoison(): void {
    for (;;) {
      const head = nextVisible();
      if (!head || parsed(schema, head).success) return;
      database.write("queue.bury", (sql) => {
        const row = sql.one("SELECT id, body FROM messages WHERE id = ?", Number(head.id));
        if (row) moveToDeadLetters(sql, row, `MESSAGE_UNREADABLE: ${parsed(schema, row).error?.message ?? ""}`);
      });
    }
  }

  function nextVisible(): SqlRow | undefined {
    return database.read((sql) =>
      sql.one("SELECT * FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY id LIMIT 1", name, now()),
    );
  }

  const wake = () => {
    for (const listener of listeners) listener();
  };

  return {
    async send(message) {
      const body = JSON.stringify(schema.parse(message));
      database.write("queue.send", (sql) =>
        sql.run("INSERT INTO messages (queue, body, visible_at) VALUES (?, ?, ?)", name, body, now()),
      );
      wake();
    },

    async take() {
      for (;;) {
        buryPoison();
        if (!nextVisible()) return null; // Asked before writing: an idle consumer should not lock the database.
        const row = database.write("queue.take", (sql) =>
          sql.one(
            `UPDATE messages SET attempts = attempts + 1, taken = 1, visible_at = ?
             WHERE id = (SELECT id FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY id LIMIT 1)
             RETURNING *`,
            now() + visibilitySeconds * 1000,
            name,
            now(),
          ),
        );
        const message = row && parsed(schema, row);
        // Between looking and taking, another process may have taken it, or put a poison message in its place.
        if (row && message?.success) return deliver(row, message.data);
      }
    },

    async releaseTaken() {
      database.write("queue.release", (sql) =>
        sql.run("UPDATE messages SET taken = 0, visible_at = ? WHERE queue = ? AND taken = 1", now(), name),
      );
      wake();
    },

    async deadLetters() {
      const rows = database.read((sql) =>
        sql.all("SELECT body, reason, buried_at FROM dead_letters WHERE queue = ? ORDER BY id", name),
      );
      return rows.map((row) => ({
        body: String(row.body),
        reason: String(row.reason),
        buriedAt: String(row.buried_at),
      }));
    },

    async depth() {
      const row = database.read((sql) =>
        sql.one(
          `SELECT count(*) FILTER (WHERE taken = 0 OR visible_at <= ?) AS ready,
                  count(*) FILTER (WHERE taken = 1 AND visible_at > ?) AS taken,
                  (SELECT count(*) FROM dead_letters WHERE queue = ?) AS dead
           FROM messages WHERE queue = ?`,
          now(),
          now(),
          name,
          name,
        ),
      );
      return { ready: Number(row?.ready), taken: Number(row?.taken), dead: Number(row?.dead) };
    },

    onSend(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function parsed<Message>(schema: ZodType<Message>, row: SqlRow) {
  let body: unknown;
  try {
    body = JSON.parse(String(row.body));
  } catch {
    body = undefined; // No message schema takes undefined: the same way to the dead letters as any other poison.
  }
  return schema.safeParse(body);
}

function sentenceOf(error: unknown): string {
  if (isBlastogradeError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
