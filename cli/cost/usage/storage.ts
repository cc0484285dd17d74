import { ASSUMPTIONS } from "../assumptions.ts";
import { DEPLOYMENT } from "../deployment.ts";
import {
  BYTES_PER_GIBIBYTE,
  DATA_KEYS_PER_MONTH,
  DAYS_PER_MONTH,
  KIBIBYTES_PER_GIBIBYTE,
  MEBIBYTES_PER_GIBIBYTE,
  type Month,
  ofComponent,
  SWEEPS_PER_MONTH,
  type Usage,
} from "./usage.ts";

const { clipMebibytes, timeLapseMebibytes, keptMebibytes, keptMonths } = ASSUMPTIONS;

export function objectUsage({ embryos, archiveMebibytes, retentionDays }: Month): Usage[] {
  const { timeLapses, clips, noncurrentVersions, logs } = DEPLOYMENT.retentionDays;
  // What expires in a bucket with versions becomes a noncurrent one, and is paid until that expires too.
  const stored = (mebibytes: number, days: number) =>
    (embryos * mebibytes * ((days + noncurrentVersions) / DAYS_PER_MONTH)) / MEBIBYTES_PER_GIBIBYTE;
  const small = stored(clipMebibytes.value, clips) + stored(timeLapseMebibytes.value, timeLapses);
  const kept = (embryos * keptMebibytes.value * keptMonths.value) / MEBIBYTES_PER_GIBIBYTE;
  const { writes, reads } = objectRequests(embryos);
  const logged = ((writes + reads) * ASSUMPTIONS.accessLogBytes.value * (logs / DAYS_PER_MONTH)) / BYTES_PER_GIBIBYTE;
  return ofComponent("S3", [
    {
      what: `uploads, for ${retentionDays} days`,
      quantity: stored(archiveMebibytes, retentionDays),
      price: "storageGibibyteMonth",
    },
    { what: "clips and lists", quantity: small, price: "storageGibibyteMonth" },
    { what: "answers and pictures", quantity: kept, price: "storageGibibyteMonth" },
    { what: "access logs", quantity: logged, price: "storageGibibyteMonth" },
    { what: "writes", quantity: writes, price: "storageWrite" },
    { what: "reads", quantity: reads, price: "storageRead" },
  ]);
}

export function tableUsage({ embryos }: Month): Usage[] {
  const { tableWriteUnits, tableReadUnits, sweepReadUnits, tableKibibytes } = ASSUMPTIONS;
  const reads = embryos * tableReadUnits.value + SWEEPS_PER_MONTH * sweepReadUnits.value;
  const gibibytes = (embryos * tableKibibytes.value * keptMonths.value) / KIBIBYTES_PER_GIBIBYTE;
  return ofComponent("DynamoDB", [
    { what: "writes", quantity: embryos * tableWriteUnits.value, price: "tableWrite" },
    { what: "reads", quantity: reads, price: "tableRead" },
    { what: "storage", quantity: gibibytes, price: "tableGibibyteMonth" },
    { what: "point-in-time recovery", quantity: gibibytes, price: "tableRecoveryGibibyteMonth" },
  ]);
}

/** One key for everything. Services that use a data key again ask for one at most every few minutes. */
export function keyUsage({ embryos }: Month): Usage[] {
  const { writes, reads } = objectRequests(embryos);
  const ofObjects = (writes + reads) * ASSUMPTIONS.bucketKeyShare.value;
  // Of a queue: two requests of whoever sends and one of whoever receives; the topic is one more that sends.
  const ofMessages =
    DEPLOYMENT.queues.length * 3 * Math.min(embryos, DATA_KEYS_PER_MONTH) + Math.min(embryos, DATA_KEYS_PER_MONTH);
  // The sweep reads the table in every one of these spans.
  const ofTable = DATA_KEYS_PER_MONTH;
  return ofComponent("KMS", [
    { what: "key", quantity: DEPLOYMENT.encryptionKeys, price: "keyMonth" },
    { what: "requests for objects", quantity: ofObjects, price: "keyRequest" },
    { what: "requests for messages", quantity: ofMessages, price: "keyRequest" },
    { what: "requests for the table", quantity: ofTable, price: "keyRequest" },
  ]);
}

function objectRequests(embryos: number): { writes: number; reads: number } {
  const { storageWrites, archiveReads, otherReads } = ASSUMPTIONS;
  return { writes: embryos * storageWrites.value, reads: embryos * (archiveReads.value + otherReads.value) };
}
