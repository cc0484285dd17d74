/** What a deployment consists of, as far as it costs money. The counts are those of the synthesised template. */
export const DEPLOYMENT = {
  encryptionKeys: 1,
  /** Each feeds one function and has a queue for its dead letters, which nobody polls. */
  queues: ["stored", "crop", "finished"],
  functions: {
    ingest: { memoryMebibytes: 512 },
    crop: { memoryMebibytes: 1769 },
    finished: { memoryMebibytes: 512 },
    api: { memoryMebibytes: 512 },
    sweep: { memoryMebibytes: 512 },
    "smoke-start": { memoryMebibytes: 512 },
    "smoke-check": { memoryMebibytes: 512 },
  },
  sweepEveryMinutes: 5,
  endpoint: {
    instanceType: "ml.g4dn.xlarge",
    maxInstances: 4,
    /** Without a request before the last instance goes. */
    idleMinutes: 15,
    /** Waiting requests for which one more instance is started. */
    backlogPerInstance: 20,
  },
  firewalls: 1,
  firewallRules: 3,
  dashboards: 1,
  /** Metrics that alarms watch: 21 of ours, and the two by which Application Auto Scaling follows the endpoint's backlog. */
  alarmMetrics: 23,
  /** Of our own: uploads, gradings, rejections and the oldest unfinished grading. Codes of rejections stay in the logs. */
  ownMetrics: 4,
  budgets: 1,
  image: { gibibytes: 4, kept: 2 },
  retentionDays: { uploads: 30, timeLapses: 14, clips: 14, noncurrentVersions: 7, logs: 90 },
  /** Of the option: SQS and SageMaker, in two zones. */
  privateNetworkInterfaces: 4,
} as const;

export type FunctionName = keyof typeof DEPLOYMENT.functions;
