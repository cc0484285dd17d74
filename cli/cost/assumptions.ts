/** A number that the price list does not say. */
export interface Assumption {
  readonly value: number;
  readonly unit: string;
  /** Measured by `npm run bench`, counted or reckoned from what the code does, or nobody has looked. */
  readonly kind: "measured" | "counted" | "assumed";
  readonly from: string;
}

const measured = (value: number, unit: string, from: string): Assumption => ({ value, unit, kind: "measured", from });
const counted = (value: number, unit: string, from: string): Assumption => ({ value, unit, kind: "counted", from });
const assumed = (value: number, unit: string, from: string): Assumption => ({ value, unit, kind: "assumed", from });

/** All that the estimate takes for granted; printed beside it. */
export const ASSUMPTIONS = {
  hoursPerMonth: counted(730, "hours", "a twelfth of 365 days, as AWS bills months"),
  workingDays: assumed(22, "days a month", "laboratories that also work at weekends have up to 30"),
  workingHoursPerDay: assumed(9, "hours a day", "uploads come within them"),

  startUpMinutes: assumed(
    8,
    "minutes",
    "an instance, an image of 4 GiB and the networks, paid from the start; not tried",
  ),
  gradeCpuSeconds: measured(
    1.58,
    "seconds a clip",
    "bench pregnancy, 26 November 2026: full-size networks, an age, 2 cores, no GPU",
  ),
  gpuShare: assumed(
    1,
    "of the CPU's seconds",
    "what a GPU needs of them; none was timed, so it is taken for no faster",
  ),
  gradeTransferSeconds: assumed(0.5, "seconds a clip", "SageMaker's own reading of the clip and writing of the answer"),
  utilisation: assumed(
    0.8,
    "of an instance's time",
    "the most that is used of instances whose number follows the load",
  ),
  deploymentsPerMonth: assumed(1, "deployments a month", "each wakes an instance for its smoke grading"),

  cropCpuSeconds: measured(1.96, "seconds an embryo", "bench crop, 23 November 2026: CPU of all threads, on 2 cores"),
  cropSlowdown: assumed(2, "times as long", "on the one core that 1769 MiB have, and cold starts"),
  cropReadSeconds: assumed(2, "seconds an embryo", "some 115 reads over the network, a few at a time"),
  ingestSeconds: assumed(1.5, "seconds an upload", "three reads and a few writes, with some cold starts"),
  finishedSeconds: assumed(1, "seconds an embryo", "five reads, a drawn explanation, a record"),
  apiSeconds: assumed(0.08, "seconds a request", "one or two reads of the table, with some cold starts"),
  sweepSeconds: assumed(1, "seconds a sweep", "one query"),
  smokeCalls: assumed(25, "calls a deployment", "every half minute until the clip is graded"),
  smokeSeconds: assumed(1, "seconds a call", "one or two reads"),

  apiRequestsPerEmbryo: assumed(20, "requests an embryo", "the form, polls until it is graded, the list, the answer"),
  outwardMebibytesPerEmbryo: assumed(0.3, "MiB an embryo", "answers of the API and two pictures"),

  archiveReads: counted(
    115,
    "reads an embryo",
    "three planes of 36 hours, one read each, and the zip's directory twice",
  ),
  otherReads: assumed(
    20,
    "reads an embryo",
    "lists, clips, predictions and calibrators, by stations, endpoint and browsers",
  ),
  storageWrites: counted(6, "writes an embryo", "upload, time-lapse, clip, prediction, preview, explanation"),
  clipMebibytes: counted(4.31, "MiB an embryo", "30 frames of 3 planes of 224 x 224 bytes, not compressed"),
  timeLapseMebibytes: assumed(0.2, "MiB an embryo", "the list of 2,640 frames"),
  keptMebibytes: assumed(0.15, "MiB an embryo", "preview, explanation and prediction, which stay"),
  keptMonths: assumed(12, "months", "how long this has gone on: what stays is paid again each month"),
  accessLogBytes: assumed(600, "bytes a request", "a line of S3's access log"),

  tableWriteUnits: assumed(
    70,
    "write units an embryo",
    "seven changes of a row of 2 KiB in three indexes, and a record",
  ),
  tableReadUnits: assumed(90, "read units an embryo", "four a request of the API, ten of the stations"),
  sweepReadUnits: assumed(2, "read units a sweep", "the index of unfinished gradings, next to empty"),
  tableKibibytes: assumed(14, "KiB an embryo", "row, three copies in indexes, and record; they stay"),

  queueRequestsPerMessage: counted(3, "requests a message", "sent, received, deleted"),
  pollers: assumed(5, "at each queue", "Lambda's, while nothing comes"),
  pollSeconds: assumed(20, "seconds a poll", "the longest poll that SQS knows"),

  bucketKeyShare: assumed(0.01, "of S3's requests", "what a bucket key leaves of the requests to KMS"),
  dataKeyMinutes: assumed(5, "minutes", "how long SQS, SNS and DynamoDB use a data key again"),

  logKibibytesPerCall: assumed(2, "KiB a call", "Lambda's own lines and one or two of ours"),
  accessLogKibibytesPerRequest: assumed(1, "KiB a request", "a line of API Gateway's access log"),
  endpointLogKibibytesPerClip: assumed(4, "KiB a clip", "lines of the container"),
  networkMebibytesPerEmbryo: assumed(
    0.1,
    "MiB an embryo",
    "messages to SQS and requests to SageMaker; S3 has a free gateway",
  ),
} as const satisfies Record<string, Assumption>;
