/**
 * The name of every write that outlives the process. The crash test of the whole service kills it after each of these and
 * takes its list from here, so a durable write without a name is a gap in that test: add the name with the write.
 */
export const DURABLE_WRITES = [
  "secret.create",
  "database.migrate",
  "object.write",
  "upload.receive",
  "grading.create",
  "grading.change",
  "grading.pin",
  "record.put",
  "queue.send",
  "queue.take",
  "queue.finish",
  "queue.retry",
  "queue.bury",
  "queue.release",
] as const;

export type DurableWrite = (typeof DURABLE_WRITES)[number];

/** Called right after a write became durable: after fsync and link, or after the SQL transaction committed. */
export type AfterDurableWrite = (write: DurableWrite) => void;
