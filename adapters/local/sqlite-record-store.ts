import { GradingRecord, type RecordKey } from "../../core/contracts/grading.ts";
import type { RecordStore } from "../../core/ports.ts";
import { parseBody, type SqliteDatabase } from "./sqlite-database.ts";

const BY_KEY = `SELECT body FROM records
  WHERE clinic_id = ? AND embryo_id = ? AND archive_digest = ? AND age_years = ? AND model_sha256 = ?`;

const AGE_UNKNOWN = -1;

/** Records as rows that are inserted once and never updated. */
export function openSqliteRecordStore({ database }: { database: SqliteDatabase }): RecordStore {
  return {
    async putOnce(record) {
      const valid = GradingRecord.parse(record);
      return database.write("record.put", (sql) => {
        const inserted = sql.run(
          `INSERT INTO records (clinic_id, embryo_id, archive_digest, age_years, model_sha256, graded_at, body)
           VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          ...keyColumns(valid),
          Date.parse(valid.gradedAt),
          JSON.stringify(valid),
        );
        const there = parseBody(GradingRecord, sql.one(BY_KEY, ...keyColumns(valid)) ?? {});
        return { record: there, created: inserted === 1 };
      });
    },

    async find(key) {
      const row = database.read((sql) => sql.one(BY_KEY, ...keyColumns(key)));
      return row ? parseBody(GradingRecord, row) : null;
    },

    async findNewest(clinicId, embryoId) {
      const row = database.read((sql) =>
        sql.one(
          "SELECT body FROM records WHERE clinic_id = ? AND embryo_id = ? ORDER BY graded_at DESC, rowid DESC LIMIT 1",
          clinicId,
          embryoId,
        ),
      );
      return row ? parseBody(GradingRecord, row) : null;
    },
  };
}

function keyColumns(key: RecordKey) {
  return [key.clinicId, key.embryoId, key.archiveDigest, key.ageYears ?? AGE_UNKNOWN, key.modelSha256] as const;
}
