/** What there is to say of a rule of the HIPAA pack that the deployment does not follow. */
export interface FindingAnswer {
  /** What it would take. */
  readonly closing: string;
  /** What that costs a month at 1,000 embryos, in US dollars, in us-east-1. */
  readonly monthlyUsd: number;
  readonly why: string;
}

/** Begins the reason of what has to be done before a clinic's data is stored. */
const BEFORE_PATIENTS = "To do before protected health information is stored.";

/** One for each rule that cdk-nag's HIPAA pack finds open, without its prefix; `hipaa-report.ts` refuses any other. */
export const HIPAA_FINDINGS: Readonly<Record<string, FindingAnswer>> = {
  APIGWCacheEnabledAndEncrypted: {
    closing: "A cache of 0.5 GB before the API, encrypted, for every method: 0.02 USD an hour.",
    monthlyUsd: 14.6,
    why: "Stays open. There is no cache, so nothing in one is unencrypted. With a cache, answers would lie in one more place, and one clinic's could be given to another unless each caller had a key of its own.",
  },
  APIGWSSLEnabled: {
    closing: "A client certificate of the gateway, turned over each year.",
    monthlyUsd: 0,
    why: "Stays open. A certificate proves the gateway to an HTTP server behind it. Ours is a Lambda function, which the gateway calls by a signed request.",
  },
  DynamoDBInBackupPlan: {
    closing:
      "A plan and a vault of AWS Backup: a backup a day, kept for 35 days, of a table of 0.16 GiB, 0.10 USD a GiB and month each.",
    monthlyUsd: 0.56,
    why: `${BEFORE_PATIENTS} The table can be restored to any second of the last 35 days and cannot be deleted by a slip, but nothing keeps a copy for longer, or in another account.`,
  },
  IAMNoInlinePolicy: {
    closing: "A managed policy for each role instead of the one that the CDK writes into it.",
    monthlyUsd: 0,
    why: "Stays open. Each policy is one role's and goes with it. A managed one could be given to another role by hand, which a test of the template would not see.",
  },
  LambdaConcurrency: {
    closing:
      "`reservedConcurrency` of each station in the stage's file, once the account's quota of executions is raised; for the smoke test and the CDK's own functions as well, which have no such field.",
    monthlyUsd: 0,
    why: `${BEFORE_PATIENTS} A new account has ten executions, none of which can be set aside. Until then the queues hold ingest, crop and finished to their numbers, and the gateway throttles the API.`,
  },
  LambdaDLQ: {
    closing: "A dead-letter queue for each function.",
    monthlyUsd: 0,
    why: "Stays open. Such a queue takes events of asynchronous calls. The stations' own queues call them and wait, and have dead letters of their own with an alarm; the gateway and CloudFormation wait for their answer; a sweep that fails is followed by another in five minutes, and raises an alarm.",
  },
  LambdaInsideVPC: {
    closing:
      "`privateNetwork` in the stage's file, which puts our seven functions and the model into a network without a way out (29.20 USD); the CDK's three functions would need interfaces to Lambda and Step Functions besides (29.20 USD).",
    monthlyUsd: 58.4,
    why: "Open by default, an option for its price. Without it the services are reached by TLS with signed requests. Before protected health information is stored, somebody has to decide whether that is enough; the CDK's three functions see none of it.",
  },
  S3BucketReplicationEnabled: {
    closing:
      "A bucket with a key in another account of the same region, to which objects are copied, and a role that may; for the access logs the same.",
    monthlyUsd: 5.77,
    why: `${BEFORE_PATIENTS} S3 keeps each object in three zones and every version for seven days, which is no help against a lost account; a lost region would take a copy in another one, and transfer on top. Uploads are the clinics' own copies and expire; predictions and pictures are what would be worth copying, for less.`,
  },
  S3BucketVersioningEnabled: {
    closing: "Versions of the access logs, and a rule by which old ones expire.",
    monthlyUsd: 0.01,
    why: `${BEFORE_PATIENTS} S3 alone may write there, under a new name each time, and no role of ours may delete; an administrator still could.`,
  },
  S3DefaultEncryptionKMS: {
    closing:
      "CloudTrail's data events of the bucket, in a bucket with the key, instead of access logs: 141,000 events, 0.10 USD a 100,000.",
    monthlyUsd: 0.14,
    why: `${BEFORE_PATIENTS} S3 delivers access logs to no bucket with a customer-managed key. They are encrypted with S3's own, and say who asked from where for which object, by ids of clinics and random numbers.`,
  },
  WAFv2LoggingEnabled: {
    closing: "A log group with the key, and in it each request without its path and query: 20,000 lines.",
    monthlyUsd: 0.02,
    why: `${BEFORE_PATIENTS} The firewall counts what it blocks, and the API's access log says what it decided on each request that it let through; of those it blocked, nothing is kept.`,
  },
};
