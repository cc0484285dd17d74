import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chiSquaredTail } from "../../core/statistics/chi-squared.ts";

describe("chiSquaredTail", () => {
  // SciPy 1.10.1: scipy.stats.chi2.sf(value, df).
  it.each([
    [0.5, 1, 0.47950012218695337],
    [3.841458820694124, 1, 0.04999999999999989],
    [15.507, 8, 0.05000521928328078],
    [2.7, 8, 0.9517520094125196],
    [20, 10, 0.029252688076961124],
    [100, 10, 5.4497019829205215e-17],
    [0.01, 2, 0.9950124791926823],
    [11.3, 7, 0.1260579522494619],
    [400, 3, 2.2138865931011112e-86],
  ])("of %d with %d degrees of freedom is SciPy's", (value, df, expected) => {
    const tail = chiSquaredTail(value, df);

    expect(Math.abs(tail / expected - 1)).toBeLessThan(1e-11);
  });

  it("is e^(-x/2) with two degrees of freedom", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 200, noNaN: true }), (value) => {
        const tail = chiSquaredTail(value, 2);

        expect(Math.abs(tail / Math.exp(-value / 2) - 1)).toBeLessThan(1e-11);
      }),
    );
  });

  it("never rises with the value, from 1 to 0", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 300, noNaN: true }), (df, value) => {
        expect(chiSquaredTail(value + 0.5, df)).toBeLessThanOrEqual(chiSquaredTail(value, df));
      }),
    );
    expect([chiSquaredTail(0, 3), chiSquaredTail(Number.POSITIVE_INFINITY, 3)]).toEqual([1, 0]);
  });

  it.each([
    [-1, 3],
    [Number.NaN, 3],
    [1, 0],
  ])("refuses %d with %d degrees of freedom", (value, df) => {
    expect(() => chiSquaredTail(value, df)).toThrow(RangeError);
  });
});
