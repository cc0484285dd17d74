import { Grading } from "../../core/contracts/grading.ts";
import { GradingExists } from "../../core/errors.ts";
import type { GradingStore } from "../../core/ports.ts";
import { parseBody, type Sql, type SqliteDatabase, type SqlRow } from "./sqlite-database.ts";

const BY_ID = "SELECT body FROM gradings WHERE grading_id = ?";

/** The newest row per embryo. Two received in the same millisecond: the id decides, so that every answer is the same. */
const newestOf = (where: string) =>
  `SELECT body FROM (
     SELECT embryo_id, body, row_number() OVER (PARTITION BY embryo_id ORDER BY received_at DESC, grading_id DESC) AS age
     FROM gradings WHERE clinic_id = ? AND embryo_id IS NOT NULL AND ${where}
   ) WHERE age = 1 ORDER BY embryo_id LIMIT ?`;
const NEWEST_AFTER = newestOf("embryo_id > ?");
const NEWEST_OF_CYCLE = newestOf("cycle_id = ?");
const NEWEST_OF_EMBRYO = newestOf("embryo_id = ?");

const UNFINISHED_BEFORE = `SELECT body FROM gradings WHERE status NOT IN ('graded', 'rejected') AND updated_at < ?
  ORDER BY updated_at, grading_id`;

const NO_LIMIT = -1;

/** Gradings as rows: the columns that are searched, and the whole as JSON. */
export function openSqliteGradingStore({ database }: { database: SqliteDatabase }): GradingStore {
  const found = (row: SqlRow | undefined) => (row ? parseBody(Grading, row) : null);
  const list = (statement: string, ...values: (string | number)[]) =>
    database.read((sql) => sql.all(statement, ...values)).map((row) => parseBody(Grading, row));

  return {
    async create(grading) {
      const created = database.write("grading.create", (sql) => insert(sql, Grading.parse(grading)));
      if (!created) throw new GradingExists(`There is a grading ${grading.gradingId} already.`);
    },

    async find(gradingId) {
      return found(database.read((sql) => sql.one(BY_ID, gradingId)));
    },

    async change(gradingId, from, change) {
      return database.write("grading.change", (sql) => {
        const grading = found(sql.one(BY_ID, gradingId));
        if (!grading) return null;
        if (!from.includes(grading.status)) return { grading, changed: false };
        const { receivedAt, clinicId } = grading;
        // Last, so that a caller without types cannot change them either.
        const next = Grading.parse({ ...grading, ...definedOf(change), gradingId, clinicId, receivedAt });
        update(sql, next);
        return { grading: next, changed: true };
      });
    },

    async pinVersion(gradingId, version) {
      return database.write("grading.pin", (sql) => {
        const grading = found(sql.one(BY_ID, gradingId));
        if (!grading) return null;
        if (grading.objectVersion === null) update(sql, Grading.parse({ ...grading, objectVersion: version }));
        return grading.objectVersion ?? version;
      });
    },

    async *listUnfinished(updatedBefore) {
      const rows = database.read((sql) => sql.all(UNFINISHED_BEFORE, Date.parse(updatedBefore)));
      let unreadable: unknown;
      for (const row of rows) {
        try {
          yield parseBody(Grading, row);
        } catch (error) {
          unreadable = error;
        }
      }
      if (unreadable !== undefined) throw unreadable;
    },

    async listByEmbryo(clinicId, { after, limit }) {
      return list(NEWEST_AFTER, clinicId, after ?? "", Math.max(0, limit));
    },

    async listByCycle(clinicId, cycleId) {
      return list(NEWEST_OF_CYCLE, clinicId, cycleId, NO_LIMIT);
    },

    async findByEmbryo(clinicId, embryoId) {
      return list(NEWEST_OF_EMBRYO, clinicId, embryoId, NO_LIMIT)[0] ?? null;
    },
  };
}

function insert(sql: Sql, grading: Grading): boolean {
  const inserted = sql.run(
    `INSERT INTO gradings (grading_id, clinic_id, received_at, embryo_id, cycle_id, status, updated_at, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    grading.gradingId,
    grading.clinicId,
    Date.parse(grading.receivedAt),
    ...changeable(grading),
  );
  return inserted === 1;
}

function update(sql: Sql, grading: Grading): void {
  sql.run(
    "UPDATE gradings SET embryo_id = ?, cycle_id = ?, status = ?, updated_at = ?, body = ? WHERE grading_id = ?",
    ...changeable(grading),
    grading.gradingId,
  );
}

function changeable(grading: Grading) {
  const updatedAt = Date.parse(grading.updatedAt);
  return [grading.embryoId, grading.cycleId, grading.status, updatedAt, JSON.stringify(grading)];
}

/** A key whose value is undefined means "leave it", never "remove it". */
function definedOf(change: object): object {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
