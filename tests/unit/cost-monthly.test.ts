import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEPLOYMENT } from "../../cli/cost/deployment.ts";
import { monthlyCost } from "../../cli/cost/monthly-cost.ts";
import { INSTANCE_PRICES, type InstanceType, PRICES } from "../../cli/cost/prices.ts";
import type { Month } from "../../cli/cost/usage/usage.ts";

const MOST = 5_000_000;

function month(parts: Partial<Month> = {}): Month {
  return {
    embryos: 1000,
    wakePattern: "spread",
    archiveMebibytes: 167,
    instance: "ml.g4dn.xlarge",
    retentionDays: 30,
    privateNetwork: false,
    ...parts,
  };
}

const embryos = fc.double({ min: 0, max: Math.log10(MOST), noNaN: true }).map((power) => Math.round(10 ** power) - 1);
const anyMonth = fc.record({
  embryos,
  wakePattern: fc.constantFrom("batch" as const, "spread" as const),
  archiveMebibytes: fc.integer({ min: 1, max: 20_480 }),
  instance: fc.constantFrom(...(Object.keys(INSTANCE_PRICES) as InstanceType[])),
  retentionDays: fc.integer({ min: 1, max: 3650 }),
  privateNetwork: fc.boolean(),
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const relative = (found: number, expected: number) => Math.abs(found / expected - 1);

describe("monthlyCost, whatever the month", () => {
  it("is the sum of its lines, and of its components", () => {
    fc.assert(
      fc.property(anyMonth, (asked) => {
        const { usd, idleUsd, lines, components } = monthlyCost(asked);

        for (const parts of [lines, components]) {
          expect(relative(sum(parts.map((part) => part.usd)), usd)).toBeLessThan(1e-12);
          expect(relative(sum(parts.map((part) => part.idleUsd)), idleUsd)).toBeLessThan(1e-12);
        }
      }),
    );
  });

  it("charges every line its quantity at its price", () => {
    fc.assert(
      fc.property(anyMonth, (asked) => {
        for (const { quantity, price, usd } of monthlyCost(asked).lines) {
          expect(quantity).toBeGreaterThanOrEqual(0);
          expect(usd * PRICES[price].per).toBeCloseTo(quantity * PRICES[price].usd, 6);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("is what an embryo costs, times the embryos", () => {
    fc.assert(
      fc.property(anyMonth, (asked) => {
        const cost = monthlyCost(asked);

        for (const { usd, usdPerEmbryo } of [cost, cost.alwaysOn]) {
          if (asked.embryos === 0) expect(usdPerEmbryo).toBeNull();
          else expect(relative(usdPerEmbryo! * asked.embryos, usd)).toBeLessThan(1e-12);
        }
      }),
    );
  });

  it("never falls when more is uploaded, in no line", () => {
    fc.assert(
      fc.property(anyMonth, embryos, (asked, other) => {
        const [fewer, more] = [asked.embryos, other].toSorted((a, b) => a - b) as [number, number];

        const [less, cost] = [monthlyCost({ ...asked, embryos: fewer }), monthlyCost({ ...asked, embryos: more })];

        expect(cost.alwaysOn.usd).toBeGreaterThanOrEqual(less.alwaysOn.usd - 1e-9);
        for (const [n, line] of cost.lines.entries())
          expect(line.usd).toBeGreaterThanOrEqual(less.lines[n]!.usd - 1e-9);
      }),
    );
  });

  it("idles at what it costs without an upload", () => {
    fc.assert(
      fc.property(anyMonth, (asked) => {
        const nothing = monthlyCost({ ...asked, embryos: 0 });

        const { idleUsd, lines, alwaysOn } = monthlyCost(asked);

        expect([idleUsd, alwaysOn.idleUsd]).toEqual([nothing.usd, nothing.alwaysOn.usd]);
        expect(lines.map((line) => line.idleUsd)).toEqual(nothing.lines.map((line) => line.usd));
      }),
    );
  });

  it("costs in batches at most what it costs as uploads come", () => {
    fc.assert(
      fc.property(anyMonth, (asked) => {
        const [batch, spread] = (["batch", "spread"] as const).map((wakePattern) =>
          monthlyCost({ ...asked, wakePattern }),
        );

        expect(batch!.usd).toBeLessThanOrEqual(spread!.usd);
      }),
    );
  });

  it("bills no more than every instance all month for the GPU", () => {
    fc.assert(
      fc.property(anyMonth, (asked) => {
        const hours = monthlyCost(asked).lines.filter(({ what }) => what.endsWith("from zero"));

        expect(hours).toHaveLength(1);
        expect(hours[0]!.quantity).toBeLessThanOrEqual(DEPLOYMENT.endpoint.maxInstances * 730);
      }),
    );
  });
});

describe("monthlyCost", () => {
  it("idles under 30 USD with all alarms and without private networking", () => {
    const { idleUsd } = monthlyCost(month({ embryos: 0 }));

    expect(idleUsd).toBeLessThan(30);
  });

  it("has a line for each thing that costs money, and no line twice", () => {
    const { lines, components } = monthlyCost(month({ privateNetwork: true }));

    const names = lines.map(({ component, what }) => `${component}: ${what}`);
    expect(new Set(names).size).toBe(names.length);
    for (const name of Object.keys(DEPLOYMENT.functions)) {
      expect(names.filter((line) => line.startsWith(`Lambda: ${name}: `))).toHaveLength(2);
    }
    expect(components.map(({ component }) => component)).toEqual([
      ...["GPU endpoint", "Lambda", "S3", "KMS", "DynamoDB", "SQS", "SNS", "EventBridge", "API Gateway", "WAF"],
      ...["Data transfer", "CloudWatch", "X-Ray", "ECR", "Budget", "Private network"],
    ]);
  });

  it("uses every price but those of the instances that were not chosen", () => {
    const used = new Set(monthlyCost(month({ privateNetwork: true })).lines.map(({ price }) => price));

    expect(Object.keys(PRICES).filter((name) => !used.has(name as keyof typeof PRICES))).toEqual([
      "ml.g6.xlarge",
      "ml.g5.xlarge",
    ]);
  });

  // By hand: calls of ingest, crop, finished and 20 of the API, 8,760 sweeps and 26 calls for a smoke grading.
  it.each([
    [1000, "Lambda", "crop: 1769 MiB", (1000 * (1.96 * 2 + 2) * 1769) / 1024],
    [1000, "Lambda", "sweep: requests", (730 * 60) / 5],
    [1000, "S3", "uploads, for 30 days", ((1000 * 167) / 1024) * (37 / (730 / 24))],
    [1000, "S3", "reads", 135_000],
    [1000, "KMS", "requests for messages", 10_000],
    [100_000, "KMS", "requests for messages", 10 * 8760],
    [1000, "DynamoDB", "storage", (1000 * 14 * 12) / 2 ** 20],
    [1000, "SQS", "polls of idle queues", 3 * 5 * 3 * 60 * 730],
    [1000, "X-Ray", "traces", 23_000 + 8760 + 26],
    [1000, "CloudWatch", "logs in", ((23_000 + 8760 + 26) * 2 + 1000 * 24) / 2 ** 20],
  ])("bills %d embryos under %s, %s: %d", (number, component, what, quantity) => {
    const { lines } = monthlyCost(month({ embryos: number }));

    const line = lines.find((one) => one.component === component && one.what === what);
    expect(line?.quantity).toBeCloseTo(quantity, 9);
  });

  it("compares with the same deployment, but for an instance that stays", () => {
    const { usd, components, alwaysOn } = monthlyCost(month());

    const clips = ((1000 * 4.31) / 1024) * 0.016;
    expect(alwaysOn.usd).toBeCloseTo(usd - components[0]!.usd + 730 * 0.7364 + clips, 9);
  });

  it.each([
    ["an archive twice as large", { archiveMebibytes: 334 }, "uploads, for 30 days", 2],
    // What has expired is a noncurrent version for another 7 days.
    ["another retention", { retentionDays: 67 }, "uploads, for 67 days", 2],
    ["twice the embryos", { embryos: 2000 }, "crop: 1769 MiB", 2],
    ["twice the embryos for idle queues", { embryos: 2000 }, "polls of idle queues", 1],
  ])("changes with %s", (_, parts, what, factor) => {
    const quantityOf = (asked: Month, name: string) =>
      monthlyCost(asked).lines.find((line) => line.what === name)!.quantity;

    const [before, after] = [quantityOf(month(), what.replace("67", "30")), quantityOf(month(parts), what)];

    expect(after / before).toBeCloseTo(factor, 12);
  });

  it("keeps one instance on all month for few embryos, and as many as serve the uploads for many", () => {
    const [few, many] = [1000, 2_000_000].map((number) => monthlyCost(month({ embryos: number })).alwaysOn);

    expect([few!.instances, many!.instances]).toEqual([1, 8]);
    expect(few!.idleUsd).toBeGreaterThan(730 * PRICES["ml.g4dn.xlarge"].usd);
  });

  it("costs as much more as the chosen instance does", () => {
    const gpu = (instance: InstanceType) => monthlyCost(month({ instance })).lines[0]!.usd;

    const ratio = gpu("ml.g5.xlarge") / gpu("ml.g4dn.xlarge");

    expect(ratio).toBeCloseTo(1.408 / 0.7364, 12);
  });

  it("has a private network cost its interfaces, whether or not anybody uploads", () => {
    const [without, withNetwork] = [false, true].map((privateNetwork) =>
      monthlyCost(month({ embryos: 0, privateNetwork })),
    );

    expect(withNetwork!.idleUsd - without!.idleUsd).toBeCloseTo(4 * 730 * 0.01, 10);
  });
});

describe("the price table", () => {
  it.each(Object.entries(PRICES))("says of %s when it was looked up and where", (_, price) => {
    expect(price.usd).toBeGreaterThanOrEqual(0);
    expect(price.per).toBeGreaterThan(0);
    expect(price.lookedUp).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(price.source).not.toBe("");
  });
});
