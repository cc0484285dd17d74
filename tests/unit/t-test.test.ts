import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { twoSidedTTail } from "../../core/statistics/student-t.ts";
import { type SampleSummary, sampleSummary, studentTTest, welchTTest } from "../../core/statistics/t-test.ts";

const FIRST = [36.1, 34.2, 39.5, 41.0, 33.3, 37.7, 35.8, 38.4];
const SECOND = [33.9, 31.2, 35.5, 34.8, 32.1, 30.6];

const anySummary = fc.record({
  n: fc.integer({ min: 2, max: 500 }),
  mean: fc.double({ min: -100, max: 100, noNaN: true }),
  standardDeviation: fc.double({ min: 0.1, max: 50, noNaN: true }),
});

describe("twoSidedTTail", () => {
  // SciPy 1.10.1: 2 * scipy.stats.t.sf(abs(t), df).
  it.each([
    [0, 5, 1],
    [1, 1, 0.49999999999999956],
    [2.5, 10, 0.031446844236608776],
    [-2.5, 10, 0.031446844236608776],
    [2.2, 203.71, 0.028931343458262447],
    [4.3, 1.37, 0.09332753223924554],
    [0.001, 2553, 0.999202193700446],
    [15, 2553, 8.287016220881806e-49],
    [40, 60.5, 3.1837495589430446e-45],
    [30, 2000.25, 1.3602980912781598e-163],
    [0.001, 0.5, 0.9994606476684876],
    [200, 3.3, 7.453183836068486e-8],
    [1e10, 2, 9.999999999999998e-21],
    [5, 1e6, 5.733997870890731e-7],
  ])("of %d with %d degrees of freedom is SciPy's", (t, df, expected) => {
    const tail = twoSidedTTail(t, df);

    expect(Math.abs(tail / expected - 1)).toBeLessThan(1e-9);
  });

  it("has the closed form 1 - t / sqrt(2 + t^2) with two degrees of freedom", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 50, noNaN: true }), (t) => {
        expect(twoSidedTTail(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 12);
      }),
    );
  });

  it("is 0 beyond every number", () => {
    const tails = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((t) => twoSidedTTail(t, 7.5));

    expect(tails).toEqual([0, 0]);
  });

  it.each([
    [1, 0],
    [1, -3],
    [1, Number.NaN],
    [Number.NaN, 3],
  ])("refuses %d with %d degrees of freedom", (t, df) => {
    expect(() => twoSidedTTail(t, df)).toThrow(RangeError);
  });
});

describe("the t-tests", () => {
  it("are SciPy's of the same two samples", () => {
    const student = studentTTest(sampleSummary(FIRST), sampleSummary(SECOND));
    const welch = welchTTest(sampleSummary(FIRST), sampleSummary(SECOND));

    // SciPy 1.10.1: scipy.stats.ttest_ind(first, second, equal_var), which prints no degrees of freedom.
    expect(student.t).toBeCloseTo(3.085096474924054, 11);
    expect(student.p).toBeCloseTo(0.009448021432969233, 12);
    expect(student.df).toBe(12);
    expect(welch.t).toBeCloseTo(3.2140465664943023, 11);
    expect(welch.p).toBeCloseTo(0.0074500721635962705, 12);
  });

  it.each([
    ["Student's", studentTTest],
    ["Welch's", welchTTest],
  ])("turn their sign with the samples: %s", (_, test) => {
    fc.assert(
      fc.property(anySummary, anySummary, (first, second) => {
        const [one, other] = [test(first, second), test(second, first)];

        expect(other.t).toBeCloseTo(-one.t, 12);
        expect(other.df).toBeCloseTo(one.df, 8);
        expect(other.p).toBeCloseTo(one.p, 12);
      }),
    );
  });

  it.each([
    ["Student's", studentTTest],
    ["Welch's", welchTTest],
  ])("do not depend on the unit of the values: %s", (_, test) => {
    const inMonths = ({ n, mean, standardDeviation }: SampleSummary) => ({
      n,
      mean: mean * 12,
      standardDeviation: standardDeviation * 12,
    });
    fc.assert(
      fc.property(anySummary, anySummary, (first, second) => {
        const [years, months] = [test(first, second), test(inMonths(first), inMonths(second))];

        expect(months.t).toBeCloseTo(years.t, 8);
        expect(months.p).toBeCloseTo(years.p, 8);
      }),
    );
  });

  it("are one test for samples of equal size and spread", () => {
    fc.assert(
      fc.property(anySummary, fc.double({ min: -100, max: 100, noNaN: true }), (first, mean) => {
        const second = { ...first, mean };

        const [student, welch] = [studentTTest(first, second), welchTTest(first, second)];

        expect(welch.t).toBeCloseTo(student.t, 9);
        expect(welch.df).toBeCloseTo(student.df, 6);
      }),
    );
  });

  it("have Welch's degrees of freedom between those of the smaller sample and of both", () => {
    fc.assert(
      fc.property(anySummary, anySummary, (first, second) => {
        const { df } = welchTTest(first, second);

        expect(df).toBeGreaterThan(Math.min(first.n, second.n) - 1 - 1e-9);
        expect(df).toBeLessThan(first.n + second.n - 2 + 1e-9);
      }),
    );
  });

  it.each([
    ["Student's", studentTTest],
    ["Welch's", welchTTest],
  ])("are sure where nothing varies: %s", (_, test) => {
    const still = (mean: number) => ({ n: 3, mean, standardDeviation: 0 });

    const [equal, different] = [test(still(34), still(34)), test(still(34), still(36))];

    expect(equal).toEqual({ t: 0, df: 4, p: 1 });
    expect(different).toEqual({ t: Number.NEGATIVE_INFINITY, df: 4, p: 0 });
  });

  it.each([
    { n: 1, mean: 1, standardDeviation: 1 },
    { n: 2.5, mean: 1, standardDeviation: 1 },
    { n: 2, mean: Number.NaN, standardDeviation: 1 },
    { n: 2, mean: 1, standardDeviation: -1 },
    { n: 2, mean: 1, standardDeviation: Number.NaN },
  ])("refuse %o, on either side", (impossible) => {
    const sound = { n: 2, mean: 1, standardDeviation: 1 };

    for (const test of [studentTTest, welchTTest]) {
      expect(() => test(impossible, sound)).toThrow(RangeError);
      expect(() => test(sound, impossible)).toThrow(RangeError);
    }
  });

  it.each([[[1]], [[1, Number.NaN]], [[1, Number.POSITIVE_INFINITY]]])("have no summary of %j", (values) => {
    expect(() => sampleSummary(values)).toThrow(RangeError);
  });
});
