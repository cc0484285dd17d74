import { z } from "zod";

/** CloudWatch's own names of what is counted or measured. */
const UNITS = [
  ...["Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits"],
  ...["Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second"],
  ...["Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second"],
  ...["Gigabits/Second", "Terabits/Second", "Count/Second", "None"],
] as const;

const RESERVED = "_aws";
const Text = z.string().regex(/^(?=.*\S)[\x20-\x7e]+$/, "has to be printable ASCII, and more than blanks");
const DimensionName = Text.max(250).refine((name) => !name.startsWith(":"), "may not begin with a colon");
const DimensionValue = Text.max(1024);
const Metric = z.strictObject({
  name: Text.max(255),
  unit: z.enum(UNITS),
  /** Finite: JSON has no other numbers. */
  value: z.number(),
});

const Metrics = z
  .strictObject({
    namespace: z.string().regex(/^[A-Za-z0-9._/#:-]{1,255}$/, "has to be 1 to 255 of A-Z, a-z, 0-9 and ._/#:-"),
    /** Values by name: together, what the metrics are looked up by. Every value of one is a metric of its own, and paid for. */
    dimensions: z
      .record(DimensionName, DimensionValue)
      .refine((dimensions) => Object.keys(dimensions).length <= 30, "CloudWatch takes at most 30 of them"),
    metrics: z.array(Metric).min(1).max(100),
    timestamp: z.date(),
  })
  .superRefine(({ dimensions, metrics }, context) => {
    const names = [RESERVED, ...Object.keys(dimensions), ...metrics.map(({ name }) => name)];
    const repeated = names.find((name, n) => names.indexOf(name) !== n);
    if (repeated === undefined) return;
    context.addIssue({ code: "custom", message: `${repeated} names two members of one line`, path: ["metrics"] });
  });
export type Metrics = z.infer<typeof Metrics>;

/**
 * One line of a function's log that CloudWatch reads as metrics: no call, no permission, nothing to wait for.
 *
 * @returns JSON without a line break in CloudWatch's embedded metric format
 * @throws ZodError where CloudWatch would drop the metrics without a word
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @example
 * const rejected = { name: "Rejected", unit: "Count", value: 1 } as const;
 * metricLine({ namespace: "Blastograde", dimensions: { stage: "demo" }, metrics: [rejected], timestamp: clock.now() });
 */
export function metricLine(metrics: Metrics): string {
  const valid = Metrics.parse(metrics);
  return JSON.stringify({
    [RESERVED]: {
      Timestamp: valid.timestamp.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: valid.namespace,
          Dimensions: [Object.keys(valid.dimensions)],
          Metrics: valid.metrics.map(({ name, unit }) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    ...valid.dimensions,
    ...Object.fromEntries(valid.metrics.map(({ name, value }) => [name, value])),
  });
}
