import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bootstrapDifference, bootstrapInterval } from "../../core/statistics/bootstrap.ts";
import { mean } from "../../core/statistics/grade-statistics.ts";

const RESAMPLING = { seed: 1, resamples: 400, level: 0.95 };
const anyCases = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 40 });

/** Evenly spread over -1..1. */
const spread = (count: number) => Array.from({ length: count }, (_, n) => (2 * n) / (count - 1) - 1);

describe("bootstrapInterval", () => {
  it("is as wide as the theory says for a mean", () => {
    const cases = spread(200);

    const { value, low, high } = bootstrapInterval(cases, mean, { ...RESAMPLING, resamples: 2000 });

    const standardError = Math.sqrt(1 / 3 / 200);
    expect(value).toBeCloseTo(0, 12);
    expect(Math.abs(low! + high!)).toBeLessThan(0.5 * standardError);
    expect(high! - low!).toBeGreaterThan(2 * 1.96 * standardError * 0.93);
    expect(high! - low!).toBeLessThan(2 * 1.96 * standardError * 1.09);
  });

  it("is the same for the same seed, another for another seed, and wider for a higher level", () => {
    const cases = spread(50);

    const once = bootstrapInterval(cases, mean, RESAMPLING);
    const again = bootstrapInterval(cases, mean, RESAMPLING);
    const other = bootstrapInterval(cases, mean, { ...RESAMPLING, seed: 2 });
    const wider = bootstrapInterval(cases, mean, { ...RESAMPLING, level: 0.99 });

    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
    expect(wider.low).toBeLessThan(once.low!);
    expect(wider.high).toBeGreaterThan(once.high!);
  });

  it("has bounds in order, within what the cases can give", () => {
    fc.assert(
      fc.property(anyCases, fc.integer(), (cases, seed) => {
        const { low, high } = bootstrapInterval(cases, mean, { seed, resamples: 50, level: 0.9 });

        expect(low).toBeLessThanOrEqual(high!);
        expect(low).toBeGreaterThanOrEqual(Math.min(...cases) - 1e-6);
        expect(high).toBeLessThanOrEqual(Math.max(...cases) + 1e-6);
      }),
      { numRuns: 50 },
    );
  });

  it("draws the embryos of a cycle together, so that copies of an embryo add no certainty", () => {
    const alone = spread(30).map((value, n) => ({ value, cycle: `${n}` }));
    const threefold = alone.flatMap((one) => [one, one, one]);
    const statistic = (cases: readonly { value: number }[]) => mean(cases.map(({ value }) => value));
    const clusterOf = ({ cycle }: { cycle: string }) => cycle;

    const single = bootstrapInterval(alone, statistic, RESAMPLING);
    const copies = bootstrapInterval(threefold, statistic, { ...RESAMPLING, clusterOf });

    expect(copies.low).toBeCloseTo(single.low!, 12);
    expect(copies.high).toBeCloseTo(single.high!, 12);
  });

  it("leaves out resamples that have no figure", () => {
    const cases = [1, 2, 3, Number.NaN];
    const knownMean = (some: readonly number[]) => mean(some.filter((one) => !Number.isNaN(one)));

    const { value, low, high } = bootstrapInterval(cases, knownMean, RESAMPLING);

    expect(value).toBe(2);
    expect(low).toBeGreaterThanOrEqual(1);
    expect(high).toBeLessThanOrEqual(3);
  });

  it.each([
    ["no case", []],
    ["one case", [1]],
    ["a figure that most resamples lack", [1, 2, 3]],
    ["no figure at all", [Number.NaN, Number.NaN]],
  ])("has no bounds for %s", (_, cases: number[]) => {
    const rare = (some: readonly number[]) => (new Set(some).size === cases.length ? mean(some) : Number.NaN);

    const { low, high } = bootstrapInterval(cases, rare, RESAMPLING);

    expect([low, high]).toEqual([null, null]);
  });

  it("has no bounds when all embryos are of one cycle", () => {
    const { value, low, high } = bootstrapInterval([1, 2, 3], mean, { ...RESAMPLING, clusterOf: () => "cycle" });

    expect([value, low, high]).toEqual([2, null, null]);
  });

  it.each([{ resamples: 0 }, { resamples: 1.5 }, { level: 0 }, { level: 1 }, { level: Number.NaN }])(
    "refuses %o",
    (wrong) => {
      expect(() => bootstrapInterval([1, 2], mean, { ...RESAMPLING, ...wrong })).toThrow(RangeError);
    },
  );
});

describe("bootstrapDifference", () => {
  it("is certain of a difference that is the same for every embryo, however different the embryos are", () => {
    const cases = spread(20).map((hardness) => ({ first: hardness + 0.25, second: hardness }));

    const { value, low, high } = bootstrapDifference(
      cases,
      (some) => mean(some.map(({ first }) => first)),
      (some) => mean(some.map(({ second }) => second)),
      RESAMPLING,
    );

    for (const bound of [value, low, high]) expect(bound).toBeCloseTo(0.25, 12);
  });

  it("turns round with the two predictors", () => {
    const least = (some: readonly number[]) => Math.min(...some);

    const one = bootstrapDifference(spread(20), mean, least, RESAMPLING);
    const other = bootstrapDifference(spread(20), least, mean, RESAMPLING);

    expect(other.value).toBeCloseTo(-one.value, 12);
    expect(other.low).toBeCloseTo(-one.high!, 12);
    expect(other.high).toBeCloseTo(-one.low!, 12);
  });
});
