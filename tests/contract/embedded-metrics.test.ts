import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Metrics, metricLine } from "../../adapters/log/embedded-metrics.ts";

const timestamp = new Date("2026-03-01T12:00:00.250Z");

function someMetrics(fields: Partial<Metrics> = {}): Metrics {
  const metrics = [
    { name: "Graded", unit: "Count" as const, value: 1 },
    { name: "OldestUnfinished", unit: "Seconds" as const, value: 12.5 },
  ];
  return { namespace: "Blastograde", dimensions: { stage: "demo", station: "crop" }, metrics, timestamp, ...fields };
}

describe("a line of metrics", () => {
  it("is what CloudWatch's embedded metric format asks for", () => {
    const line = metricLine(someMetrics());

    expect(JSON.parse(line)).toEqual({
      _aws: {
        Timestamp: 1772366400250,
        CloudWatchMetrics: [
          {
            Namespace: "Blastograde",
            Dimensions: [["stage", "station"]],
            Metrics: [
              { Name: "Graded", Unit: "Count" },
              { Name: "OldestUnfinished", Unit: "Seconds" },
            ],
          },
        ],
      },
      stage: "demo",
      station: "crop",
      Graded: 1,
      OldestUnfinished: 12.5,
    });
  });

  it("is one line, in which every dimension and metric that is named is a member", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z][A-Za-z0-9 "\\]{0,9}[a-z]$/), { minLength: 2 });
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(names, values, ([dimension, ...metricNames], numbers) => {
        const dimensions = { [dimension!]: "demo" };
        const metrics = metricNames.map((name, n) => ({ name, unit: "None" as const, value: numbers[n % 10]! }));

        const line = metricLine(someMetrics({ dimensions, metrics }));

        const members = JSON.parse(line);
        const { Dimensions, Metrics } = members._aws.CloudWatchMetrics[0];
        expect(line).not.toContain("\n");
        expect(Dimensions.flat().map((name: string) => members[name])).toEqual(["demo"]);
        const written = Metrics.map(({ Name }: { Name: string }) => members[Name]);
        expect(written).toEqual(metrics.map(({ value }) => value + 0));
      }),
    );
  });

  it("may have no dimension", () => {
    const line = metricLine(someMetrics({ dimensions: {} }));

    expect(JSON.parse(line)._aws.CloudWatchMetrics[0].Dimensions).toEqual([[]]);
  });

  const counted = (name: string, value = 1) => ({ name, unit: "Count" as const, value });
  const many = (count: number) => Array.from({ length: count }, (_, n) => counted(`m${n}`));

  it("takes a hundred metrics", () => {
    const line = metricLine(someMetrics({ metrics: many(100) }));

    expect(JSON.parse(line)._aws.CloudWatchMetrics[0].Metrics).toHaveLength(100);
  });

  it.each<[string, Partial<Metrics>]>([
    ["a hundred and one metrics", { metrics: many(101) }],
    ["no metric", { metrics: [] }],
    ["a value that is no number", { metrics: [counted("Graded", Number.NaN)] }],
    ["a value that JSON has not", { metrics: [counted("Graded", Number.POSITIVE_INFINITY)] }],
    ["a unit that CloudWatch does not know", { metrics: [{ ...counted("Graded"), unit: "Embryos" as "Count" }] }],
    ["a metric without a name", { metrics: [counted("")] }],
    ["one metric twice", { metrics: [counted("Graded"), counted("Graded")] }],
    ["a metric named as a dimension", { metrics: [counted("stage")] }],
    ["a metric in the place of the format's own member", { metrics: [counted("_aws")] }],
    ["a dimension without a value", { dimensions: { stage: "" } }],
    ["a dimension that is blank", { dimensions: { stage: "  " } }],
    ["a dimension beyond ASCII", { dimensions: { stage: "größer" } }],
    ["a dimension that begins with a colon", { dimensions: { ":stage": "demo" } }],
    ["a dimension too many", { dimensions: Object.fromEntries(many(31).map(({ name }) => [name + name, "x"])) }],
    ["a namespace with a blank", { namespace: "Blasto grade" }],
    ["an invalid time", { timestamp: new Date(Number.NaN) }],
  ])("is refused with %s, which CloudWatch would drop without a word", (_what, fields) => {
    expect(() => metricLine(someMetrics(fields))).toThrow();
  });
});
