import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { regularisedIncompleteBeta } from "../../core/statistics/incomplete-beta.ts";
import { logGamma } from "../../core/statistics/log-gamma.ts";

describe("logGamma", () => {
  // SciPy 1.10.1: scipy.special.gammaln(x).
  it.each([
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247],
    [1, 0],
    [1.5, -0.12078223763524526],
    [2, 0],
    [3.7, 1.428072326665388],
    [10, 12.801827480081469],
    [14.99, 25.164481163825506],
    [100.25, 360.28455963776423],
    [1276.5, 7850.21435782152],
    [1e6, 12815504.569147611],
  ])("of %d is SciPy's", (x, expected) => {
    const found = logGamma(x);

    expect(Math.abs(found - expected)).toBeLessThan(1e-14 * Math.max(1, Math.abs(expected)));
  });

  it("grows by log x from x to x + 1", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 100, noNaN: true }), (x) => {
        expect(logGamma(x + 1) - logGamma(x)).toBeCloseTo(Math.log(x), 11);
      }),
    );
  });

  it.each([0, -1.5, Number.NaN])("refuses %d", (x) => {
    expect(() => logGamma(x)).toThrow(RangeError);
  });
});

describe("regularisedIncompleteBeta", () => {
  // SciPy 1.10.1: scipy.special.betainc(a, b, x).
  it.each([
    [0.3, 2, 3, 0.3483],
    [0.5, 0.5, 0.5, 0.5000000000000001],
    [0.01, 30, 0.5, 1.0307815466209132e-61],
    [0.999, 1276.5, 0.5, 0.11003091764726629],
    [0.9, 1276.5, 0.5, 1.9382904344472412e-60],
    [0.25, 0.5, 7.25, 0.9553958690982793],
    [1e-8, 1.5, 2.5, 3.3953054220693518e-12],
    [0.7, 100, 40, 0.3458280101299921],
    [0.7, 40, 100, 0.9999999999999999],
    [0.999999, 0.5, 20.3, 0.9999999999999999],
  ])("at %d with %d and %d is SciPy's", (x, a, b, expected) => {
    const found = regularisedIncompleteBeta(x, a, b);

    expect(Math.abs(found / expected - 1)).toBeLessThan(1e-11);
  });

  it("is x^a where b is 1, and 1 minus its mirror image everywhere", () => {
    const parameter = fc.double({ min: 0.1, max: 80, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), parameter, parameter, (x, a, b) => {
        expect(Math.abs(regularisedIncompleteBeta(x, a, 1) / x ** a - 1)).toBeLessThan(1e-11);
        expect(regularisedIncompleteBeta(x, a, b)).toBeCloseTo(1 - regularisedIncompleteBeta(1 - x, b, a), 11);
      }),
    );
  });

  it("goes from 0 to 1", () => {
    const ends = [0, 1].map((x) => regularisedIncompleteBeta(x, 2.5, 0.5));

    expect(ends).toEqual([0, 1]);
  });

  it.each([
    [-0.1, 1, 1],
    [1.1, 1, 1],
    [Number.NaN, 1, 1],
    [0.5, 0, 1],
    [0.5, 1, -2],
    [0.5, Number.NaN, 1],
  ])("refuses %d with %d and %d", (x, a, b) => {
    expect(() => regularisedIncompleteBeta(x, a, b)).toThrow(RangeError);
  });
});
