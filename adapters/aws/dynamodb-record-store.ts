import { randomUUID } from "node:crypto";
import { CLOUD_TABLE } from "../../core/contracts/cloud-table.ts";
import { GradingRecord, type RecordKey } from "../../core/contracts/grading.ts";
import { StorageUnavailable } from "../../core/errors.ts";
import type { RecordStore } from "../../core/ports.ts";
import {
  type DynamoDbTableOptions,
  isWrittenBy,
  openDynamoDbTable,
  parseBody,
  type Row,
  type RowKey,
} from "./dynamodb-table.ts";

/** Records as rows that are put once and never again. All reads are strongly consistent. */
export function openDynamoDbRecordStore(options: DynamoDbTableOptions): RecordStore {
  const table = openDynamoDbTable(options);

  return {
    async putOnce(record) {
      const valid = GradingRecord.parse(record);
      const write = randomUUID();
      const row = { ...keyOf(valid), body: JSON.stringify(valid) };
      if (await table.put(row, null, write)) return { record: valid, created: true };
      const there = await table.get(keyOf(valid));
      if (there === null) throw new StorageUnavailable("A record was there, and is gone. Records are never removed.");
      return { record: recordOf(there), created: isWrittenBy(there, write) };
    },

    async find(key) {
      const row = await table.get(keyOf(key));
      return row === null ? null : recordOf(row);
    },

    async findNewest(clinicId, embryoId) {
      let newest: GradingRecord | null = null;
      for await (const row of table.query({ of: CLOUD_TABLE, partition: partitionOf({ clinicId, embryoId }) })) {
        const record = recordOf(row);
        if (newest === null || Date.parse(record.gradedAt) > Date.parse(newest.gradedAt)) newest = record;
      }
      return newest;
    },
  };
}

/** A clinic's id has no `#`, so that no two pairs look alike. */
function partitionOf({ clinicId, embryoId }: Pick<RecordKey, "clinicId" | "embryoId">): string {
  return `RECORD#${clinicId}#${embryoId}`;
}

function keyOf(key: RecordKey): RowKey {
  // As JSON, which has one text for each number, and another one for no age.
  const sortKey = [key.archiveDigest, JSON.stringify(key.ageYears), key.modelSha256].join("#");
  return { [CLOUD_TABLE.partitionKey]: partitionOf(key), [CLOUD_TABLE.sortKey]: sortKey };
}

function recordOf(row: Row): GradingRecord {
  const archiveDigest = row[CLOUD_TABLE.sortKey]?.split("#")[0];
  return parseBody(GradingRecord, row, `The record of archive ${archiveDigest}`);
}
