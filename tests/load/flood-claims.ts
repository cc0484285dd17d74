import type { SqsDeadLetter } from "../../adapters/aws/sqs-dead-letters.ts";
import type { Grading } from "../../core/contracts/grading.ts";
import { type FloodRows, unfinishedOf } from "./flood-outcome.ts";
import { type Content, expectedRecords, type FloodPlan, lostGradings, recordName } from "./flood-plan.ts";
import type { FloodCounts } from "./flood-stations.ts";

export interface FloodEnd {
  readonly plan: FloodPlan;
  readonly rows: FloodRows;
  readonly deadLetters: readonly SqsDeadLetter[];
  /** When the queues were empty for the first time, before the sweep looked for what had been lost. */
  readonly unfinishedBeforeSweep: readonly Grading[];
  readonly counts: Readonly<FloodCounts>;
}

export interface Claim {
  readonly claim: string;
  readonly holds: boolean;
  /** What it was judged by. */
  readonly seen: Readonly<Record<string, number>>;
}

const REJECTION: Readonly<Record<Exclude<Content, "good">, string>> = {
  "no-zip": "NOT_A_ZIP",
  truncated: "ARCHIVE_DAMAGED",
  "no-manifest": "MANIFEST_MISSING",
  "early-hours": "NO_BLASTOCYST_STAGE",
  "damaged-picture": "IMAGE_UNSUPPORTED",
};

/** What has to be true when a flood is over. */
export function claimsOf({ plan, rows, deadLetters, unfinishedBeforeSweep, counts }: FloodEnd): Claim[] {
  const { uploads, events } = plan;
  const { gradings, records } = rows;
  const statusOf = new Map(gradings.map(({ gradingId, status }) => [gradingId, status]));
  const codeOf = new Map(gradings.map(({ gradingId, rejection }) => [gradingId, rejection?.code ?? null]));
  const graded = gradings.filter(({ status }) => status === "graded").length;
  const rejected = gradings.filter(({ status }) => status === "rejected").length;
  const unfinished = unfinishedOf(rows).length;
  const wronglyEnded = uploads.filter(({ gradingId, content }) => {
    return content === "good" ? statusOf.get(gradingId) !== "graded" : codeOf.get(gradingId) !== REJECTION[content];
  }).length;

  const lost = new Set(lostGradings(plan));
  const foundEarly = unfinishedBeforeSweep.filter(({ gradingId }) => !lost.has(gradingId)).length;

  const expected = expectedRecords(plan);
  const there = records.map(({ clinicId, embryoId, ageYears }) => recordName(clinicId, embryoId, ageYears));
  const pointedAt = new Set(gradings.flatMap(({ recordKey }) => (recordKey === null ? [] : JSON.stringify(recordKey))));
  const keys = new Set(records.map(keyOf));

  const poison = events.filter(({ of }) => of === "poison").length;
  const withoutCause = deadLetters.filter(({ cause }) => !cause?.startsWith("MESSAGE_UNREADABLE")).length;
  return [
    {
      claim: "accepted = graded + rejected",
      holds: uploads.length === gradings.length && gradings.length === graded + rejected,
      seen: { accepted: uploads.length, gradings: gradings.length, graded, rejected },
    },
    { claim: "no grading is unfinished", holds: unfinished === 0, seen: { unfinished } },
    {
      claim: "good uploads are graded, bad ones rejected by their own code",
      holds: wronglyEnded === 0,
      seen: { wronglyEnded },
    },
    {
      claim: "before the sweep only those were unfinished whose message had been lost",
      holds: foundEarly === 0 && unfinishedBeforeSweep.length === lost.size,
      seen: { lost: lost.size, unfinished: unfinishedBeforeSweep.length, notLost: foundEarly },
    },
    {
      claim: "only messages that failed came again, not their neighbours in the batch",
      holds: counts.kept === counts.retried,
      seen: { failed: counts.retried, cameAgain: counts.kept },
    },
    {
      claim: "records = distinct (clinic, embryo, archive, age, model)",
      holds: records.length === expected.size && there.every((name) => expected.has(name)),
      seen: { records: records.length, expected: expected.size },
    },
    {
      claim: "no record twice, and none written over",
      holds: keys.size === records.length && counts.recordsCreated === records.length,
      seen: { records: records.length, distinct: keys.size, created: counts.recordsCreated },
    },
    {
      claim: "every graded grading points at a record, and every record is pointed at",
      holds: pointedAt.size === keys.size && [...pointedAt].every((key) => keys.has(key)),
      seen: { records: keys.size, pointedAt: pointedAt.size },
    },
    {
      claim: "the dead letters are the poison messages, each with its cause",
      holds: deadLetters.length === poison && withoutCause === 0,
      seen: { deadLetters: deadLetters.length, poison, withoutCause },
    },
  ];
}

function keyOf({ clinicId, embryoId, archiveDigest, ageYears, modelSha256 }: FloodRows["records"][number]): string {
  return JSON.stringify({ clinicId, embryoId, archiveDigest, ageYears, modelSha256 });
}
