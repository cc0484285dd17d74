/**
 * Names of the one DynamoDB table's keys and indexes: infra makes them, the stores use them.
 *
 * A grading is `pk` GRADING#id, `sk` GRADING. A record is `pk` RECORD#clinic#embryo and, as `sk`, what else identifies it, so
 * that one strongly consistent query finds an embryo's records. The attributes of an index are there only on the gradings
 * that it lists; each index carries all attributes of its rows.
 */
export const CLOUD_TABLE = {
  partitionKey: "pk",
  sortKey: "sk",
  indexes: {
    /** Gradings that wait for a station, by when they were last touched. */
    unfinished: { name: "unfinished", partitionKey: "unfinished", sortKey: "touched" },
    /** A clinic's gradings by embryo id, then by when they were received. */
    byEmbryo: { name: "by-embryo", partitionKey: "clinic", sortKey: "embryoReceived" },
    /** A cycle's gradings, in the same order. */
    byCycle: { name: "by-cycle", partitionKey: "cycle", sortKey: "embryoReceived" },
  },
} as const;
