import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { CLOUD_TABLE } from "../../core/contracts/cloud-table.ts";
import { Grading } from "../../core/contracts/grading.ts";
import { GradingExists, StorageUnavailable } from "../../core/errors.ts";
import type { GradingStore } from "../../core/ports.ts";
import { UNFINISHED } from "../../core/stations/close.ts";
import {
  type DynamoDbTableOptions,
  isWrittenBy,
  openDynamoDbTable,
  parseBody,
  type Row,
  type RowKey,
} from "./dynamodb-table.ts";

const { unfinished, byEmbryo, byCycle } = CLOUD_TABLE.indexes;
const GRADING = "GRADING";
/** Ends an embryo id within a sort key: below every character that an id may hold, so that "a" comes before "a b". */
const END = "\u0000";
const AFTER_END = "\u0001";
const EVERY_UNFINISHED = "unfinished";

const MAX_TRIES = 10;
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

/**
 * Gradings as rows of the one table: the whole as JSON, and beside it what the indexes are sorted by.
 *
 * Reads by id are strongly consistent. Lists, and a search by embryo, read an index: a grading shows there once DynamoDB has
 * carried it over, in less than a second as a rule.
 *
 * @example
 * const gradings = openDynamoDbGradingStore({ tableName: "blastograde-demo" });
 */
export function openDynamoDbGradingStore(options: DynamoDbTableOptions): GradingStore {
  const table = openDynamoDbTable(options);

  /**
   * Reads, changes and puts back, until nobody else wrote in between.
   *
   * @param next what the grading becomes; null to leave it
   */
  async function revise(gradingId: string, next: (grading: Grading) => Grading | null) {
    const write = randomUUID();
    for (let tries = 0; ; tries++) {
      const row = await table.get(keyOf(gradingId));
      if (row === null) return null;
      const grading = gradingOf(row);
      if (isWrittenBy(row, write)) return { grading, changed: true };
      const revised = next(grading);
      if (revised === null) return { grading, changed: false };
      if (tries === MAX_TRIES) throw new StorageUnavailable(`Grading ${gradingId} is changed by too many at once.`);
      if (await table.put(rowOf(revised), row, write)) return { grading: revised, changed: true };
      // At random from nothing on: writers that met once do not meet again.
      await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** tries));
    }
  }

  return {
    async create(grading) {
      const write = randomUUID();
      if (await table.put(rowOf(Grading.parse(grading)), null, write)) return;
      const there = await table.get(keyOf(grading.gradingId));
      if (there !== null && isWrittenBy(there, write)) return;
      throw new GradingExists(`There is a grading ${grading.gradingId} already.`);
    },

    async find(gradingId) {
      const row = await table.get(keyOf(gradingId));
      return row === null ? null : gradingOf(row);
    },

    change: (gradingId, from, change) =>
      revise(gradingId, (grading) => {
        if (!from.includes(grading.status)) return null;
        const { receivedAt, clinicId } = grading;
        // Last, so that a caller without types cannot change them either.
        return Grading.parse({ ...grading, ...definedOf(change), gradingId, clinicId, receivedAt });
      }),

    async pinVersion(gradingId, version) {
      const pinned = await revise(gradingId, (grading) =>
        grading.objectVersion === null ? Grading.parse({ ...grading, objectVersion: version }) : null,
      );
      return pinned?.grading.objectVersion ?? null;
    },

    async *listUnfinished(updatedBefore) {
      const sort = { is: "<", text: timeKey(updatedBefore) } as const;
      const oldestFirst = table.query({ of: unfinished, partition: EVERY_UNFINISHED, sort });
      let unreadable: unknown;
      for await (const row of oldestFirst) {
        try {
          yield gradingOf(row);
        } catch (error) {
          unreadable = error;
        }
      }
      if (unreadable !== undefined) throw unreadable;
    },

    async listByEmbryo(clinicId, { after = "", limit }) {
      if (limit <= 0) return [];
      const sort = { is: ">", text: `${after}${AFTER_END}` } as const;
      // One more than wanted: only the next embryo's first grading shows that the last one's are through.
      const pageSize = Math.min(limit + 1, 1000);
      return newestOfEach(table.query({ of: byEmbryo, partition: clinicId, sort, pageSize }), limit);
    },

    async listByCycle(clinicId, cycleId) {
      const rows = table.query({ of: byCycle, partition: cyclePartition(clinicId, cycleId) });
      return newestOfEach(rows, Number.POSITIVE_INFINITY);
    },

    async findByEmbryo(clinicId, embryoId) {
      const sort = { is: "begins_with", text: `${embryoId}${END}` } as const;
      const newestFirst = table.query({ of: byEmbryo, partition: clinicId, sort, descending: true, pageSize: 1 });
      for await (const row of newestFirst) return gradingOf(row);
      return null;
    },
  };
}

/** @param rows by embryo, each embryo's oldest first */
async function newestOfEach(rows: AsyncIterable<Row>, limit: number): Promise<Grading[]> {
  const embryoOf = (row: Row | undefined) => row?.[byEmbryo.sortKey]?.split(END)[0];
  const newest: Row[] = [];
  for await (const row of rows) {
    if (newest.length > 0 && embryoOf(newest.at(-1)) === embryoOf(row)) newest.pop();
    else if (newest.length === limit) break;
    newest.push(row);
  }
  return newest.map(gradingOf);
}

function keyOf(gradingId: string): RowKey {
  return { [CLOUD_TABLE.partitionKey]: `${GRADING}#${gradingId}`, [CLOUD_TABLE.sortKey]: GRADING };
}

function gradingOf(row: Row): Grading {
  return parseBody(Grading, row, `Grading ${row[CLOUD_TABLE.partitionKey]?.slice(GRADING.length + 1)}`);
}

function rowOf(grading: Grading): Row & RowKey {
  const { gradingId, clinicId, embryoId, cycleId, status, updatedAt, receivedAt } = grading;
  const waits = UNFINISHED.includes(status);
  const embryoReceived = `${embryoId}${END}${timeKey(receivedAt)}${END}${gradingId}`;
  return {
    ...keyOf(gradingId),
    body: JSON.stringify(grading),
    ...(waits && {
      [unfinished.partitionKey]: EVERY_UNFINISHED,
      [unfinished.sortKey]: `${timeKey(updatedAt)}${END}${gradingId}`,
    }),
    ...(embryoId !== null && { [byEmbryo.partitionKey]: clinicId, [byEmbryo.sortKey]: embryoReceived }),
    ...(embryoId !== null && cycleId !== null && { [byCycle.partitionKey]: cyclePartition(clinicId, cycleId) }),
  };
}

/** A clinic's id has no `#`, so that no two pairs look alike. */
function cyclePartition(clinicId: string, cycleId: string): string {
  return `${clinicId}#${cycleId}`;
}

/** A time as text whose order is that of time: `12:00:00Z` would come after `12:00:00.500Z`. */
function timeKey(time: string): string {
  return new Date(time).toISOString();
}

/** A key whose value is undefined means "leave it", never "remove it". */
function definedOf(change: object): object {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
