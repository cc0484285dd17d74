/**
 * The tables, one step per entry; `user_version` counts the steps a file has seen. Steps are only ever added at the end.
 * Times are milliseconds since 1970, so that they sort also where two ISO 8601 texts differ in precision.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE gradings (
    grading_id  TEXT PRIMARY KEY,
    clinic_id   TEXT NOT NULL,
    embryo_id   TEXT,
    cycle_id    TEXT,
    status      TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    body        TEXT NOT NULL
  ) STRICT;
  CREATE INDEX gradings_by_embryo ON gradings (clinic_id, embryo_id, received_at, grading_id);
  CREATE INDEX gradings_by_cycle ON gradings (clinic_id, cycle_id, embryo_id);
  CREATE INDEX gradings_unfinished ON gradings (updated_at) WHERE status NOT IN ('graded', 'rejected');

  CREATE TABLE records (
    clinic_id      TEXT NOT NULL,
    embryo_id      TEXT NOT NULL,
    archive_digest TEXT NOT NULL,
    age_years      REAL NOT NULL, -- -1 for none: NULL differs from NULL in a key
    model_sha256   TEXT NOT NULL,
    graded_at      INTEGER NOT NULL,
    body           TEXT NOT NULL,
    PRIMARY KEY (clinic_id, embryo_id, archive_digest, age_years, model_sha256)
  ) STRICT;

  CREATE TABLE messages (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    queue      TEXT NOT NULL,
    body       TEXT NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    taken      INTEGER NOT NULL DEFAULT 0,
    visible_at INTEGER NOT NULL,
    last_error TEXT
  ) STRICT;
  CREATE INDEX messages_in_order ON messages (queue, id);

  CREATE TABLE dead_letters (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    queue     TEXT NOT NULL,
    body      TEXT NOT NULL,
    reason    TEXT NOT NULL,
    buried_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX dead_letters_in_order ON dead_letters (queue, id);
  `,
];
