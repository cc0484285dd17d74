type Region = "us-east-1" | "us-west-2" | "eu-west-1" | "all" | "not said";

/** A list price of AWS in US dollars, without free tiers, volume discounts, savings plans and tax. */
export interface Price {
  readonly usd: number;
  /** How many units that buys. */
  readonly per: number;
  readonly unit: string;
  /** Which region the source is about. Taken for us-east-1, whichever it is. */
  readonly region: Region;
  /** When it was looked up, by whoever wrote this table. */
  readonly lookedUp: string;
  /** Title of the source, and when that was written, where it says so. */
  readonly source: string;
  /** Where sources disagree, are old, or are of another region. */
  readonly remark?: string;
}

interface Source {
  readonly title: string;
  readonly region: Region;
}

const about = (region: Region, title: string): Source => ({ title, region });

const VIRGINIA = "Pricing Data (US East - N. Virginia), a public copy of the AWS Pricing API's answers, 2025-10-28";
const S3_LIST = about("us-east-1", `Amazon S3 ${VIRGINIA}`);
const CLOUDWATCH_LIST = about("us-east-1", `Amazon CloudWatch and AWS CloudTrail ${VIRGINIA}`);
const EVENTBRIDGE_LIST = about("us-east-1", `Amazon EventBridge ${VIRGINIA}`);
const OREGON_LIST = about(
  "us-west-2",
  "Cost model: per-unit prices in US West (Oregon), from the AWS Price List, 2026-08-09",
);
const LAMBDA_PAPER = about("not said", "How AWS Pricing Works: Lambda (AWS whitepaper)");
const WAF_ARTICLE = about("all", "AWS WAF cost explained: the three meters that drive your bill");
const SAGEMAKER_RATES = about(
  "us-east-1",
  "SageMaker on-demand, us-east-1, USD per instance-hour (a comment in public code)",
);
const VPC_ARTICLE = about("us-east-1", "Lambda Function In A VPC The Right Way, from the AWS price pages, 2026-09-29");
const SERVERLESS_TABLE = about("not said", "AWS Serverless Cost Breakdown, 2020-03-11");

function price(usd: number, per: number, unit: string, { title, region }: Source, remark?: string): Price {
  const found = { usd, per, unit, region, lookedUp: "2026-11-26", source: title };
  return remark === undefined ? found : { ...found, remark };
}

/** Instances that a stage may name, an hour of each. */
export const INSTANCE_PRICES = {
  "ml.g4dn.xlarge": price(0.7364, 1, "hour", SAGEMAKER_RATES, "often rounded to 0.736"),
  "ml.g6.xlarge": price(
    1.1267,
    1,
    "hour",
    about("us-west-2", "SageMaker instance pricing and capability map for fine-tuning, from the AWS Price List API"),
    "that of batch transforms; for hosting in us-east-1 others say 0.9765, 0.98 or 1.15",
  ),
  "ml.g5.xlarge": price(1.408, 1, "hour", SAGEMAKER_RATES, "one source says 1.21"),
} as const satisfies Record<string, Price>;

export type InstanceType = keyof typeof INSTANCE_PRICES;

export const PRICES = {
  ...INSTANCE_PRICES,
  endpointGibibyte: price(
    0.016,
    1,
    "GiB",
    about("eu-west-1", "SageMaker SSH Helper: sample costs, 2023-12"),
    "whether asynchronous requests are charged is not said",
  ),
  lambdaRequest: price(0.2, 1e6, "requests", LAMBDA_PAPER),
  lambdaGibibyteSecond: price(0.0000166667, 1, "GB-seconds", LAMBDA_PAPER, "printed there as 0.00001667"),
  storageGibibyteMonth: price(0.023, 1, "GiB-months", S3_LIST, "0.022 above 50 TB"),
  storageWrite: price(0.005, 1000, "requests", S3_LIST),
  storageRead: price(0.0004, 1000, "requests", S3_LIST),
  keyMonth: price(1, 1, "key versions", OREGON_LIST, "a rotated key has a version more, which costs as much"),
  keyRequest: price(0.03, 10_000, "requests", OREGON_LIST),
  tableWrite: price(
    0.625,
    1e6,
    "write units",
    OREGON_LIST,
    "a note on us-east-1 says the same, 2026-10-04; many, mostly older, say 1.25",
  ),
  tableRead: price(
    0.125,
    1e6,
    "read units",
    OREGON_LIST,
    "a note on us-east-1 says the same, 2026-10-04; many, mostly older, say 0.25",
  ),
  tableGibibyteMonth: price(0.25, 1, "GiB-months", OREGON_LIST, "a note on us-east-1 says the same, 2026-10-04"),
  tableRecoveryGibibyteMonth: price(0.2, 1, "GiB-months", SERVERLESS_TABLE, "0.24 there; four newer sources say 0.20"),
  queueRequest: price(
    0.4,
    1e6,
    "requests",
    about("us-east-1", "Amazon SQS Pricing: Complete Guide + Calculator (2026), 2026-03-14"),
  ),
  topicRequest: price(0.5, 1e6, "requests", SERVERLESS_TABLE, "old; a table of 2017 says the same"),
  apiRequest: price(3.5, 1e6, "requests", SERVERLESS_TABLE, "old; newer public tables say the same"),
  firewallMonth: price(5, 1, "access control lists", WAF_ARTICLE),
  firewallRuleMonth: price(1, 1, "rules", WAF_ARTICLE),
  firewallRequest: price(0.6, 1e6, "requests", WAF_ARTICLE),
  logGibibyte: price(0.5, 1, "GiB", CLOUDWATCH_LIST),
  logGibibyteMonth: price(0.03, 1, "GiB-months", CLOUDWATCH_LIST),
  metricMonth: price(0.3, 1, "metrics", CLOUDWATCH_LIST, "by the hour in which a metric has a value"),
  alarmMonth: price(0.1, 1, "metrics", CLOUDWATCH_LIST),
  dashboardMonth: price(
    3,
    1,
    "dashboards",
    about(
      "not said",
      "Amazon CloudWatch Pricing: The 10 Billing Dimensions Behind Your Observability Bill, 2026-06-13",
    ),
  ),
  trace: price(5, 1e6, "traces", about("not said", "AWS X-Ray pricing (AWS)")),
  imageGibibyteMonth: price(
    0.1,
    1,
    "GiB-months",
    about("not said", "ECR lines of public price tables"),
    "no list of AWS was seen; the tables were found by this number",
  ),
  scheduledCall: price(
    1,
    1e6,
    "calls",
    EVENTBRIDGE_LIST,
    "of EventBridge Scheduler, beyond the 14 million a month that are free; calls of a rule may be free altogether",
  ),
  budgetMonth: price(
    0,
    1,
    "budgets",
    about("not said", "public notes on AWS Budgets"),
    "free as long as it only notifies; others say that the first two are free, and a further one 0.02 a day",
  ),
  outwardGibibyte: price(0.09, 1, "GiB", SERVERLESS_TABLE, "old; How Amazon SQS Pricing Works says the same"),
  networkInterfaceHour: price(0.01, 1, "hours", VPC_ARTICLE),
  networkGibibyte: price(0.01, 1, "GiB", VPC_ARTICLE),
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;
