import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitLogistic, type LogisticCase, logistic, logit } from "../../core/statistics/logistic-regression.ts";

const COVARIATES = [
  34.1, 29.7, 41.2, 37.5, 33.0, 36.6, 39.9, 31.4, 35.2, 38.3, 30.8, 42.5, 34.9, 32.2, 40.1, 36.0, 28.9, 37.1, 33.7,
  35.8,
];
const OUTCOMES = [..."11001001100001011100"].map(Number);

const casesOf = (targets: readonly number[]) =>
  COVARIATES.map((covariate, n) => ({ covariate, target: targets[n]! }) satisfies LogisticCase);

/** Cases of covariate 1, with outcome and without, and of covariate 0, with and without. */
const twoByTwo = (...counts: readonly [number, number, number, number]): LogisticCase[] =>
  counts.flatMap((count, n) => Array(count).fill({ covariate: n < 2 ? 1 : 0, target: n % 2 === 0 ? 1 : 0 }));

const anyCount = fc.integer({ min: 1, max: 200 });
const anyCases = fc.array(
  fc.record({ covariate: fc.integer({ min: -20, max: 20 }), target: fc.constantFrom(0, 1, 0.25, 0.9) }),
  { minLength: 4, maxLength: 60 },
);

describe("fitLogistic", () => {
  it("is scikit-learn's regression, with NumPy's inverse of the information", () => {
    const { intercept, slope, covariance } = fitLogistic(casesOf(OUTCOMES))!;

    // scikit-learn 1.2.1: LogisticRegression(penalty=None, solver="newton-cholesky", tol=1e-14); NumPy 1.24.2 for
    // inv(X' W X). SciPy 1.10.1's BFGS gives the same line to 1e-6.
    expect(intercept).toBeCloseTo(15.347269884763207, 9);
    expect(slope).toBeCloseTo(-0.44202966914109926, 10);
    expect(covariance.intercept).toBeCloseTo(50.95407463867436, 7);
    expect(covariance.slope).toBeCloseTo(0.04134534901594788, 10);
    expect(covariance.interceptAndSlope).toBeCloseTo(-1.4470587935380546, 8);
  });

  it("takes targets between 0 and 1, as scikit-learn takes cases of either outcome with weights", () => {
    const smoothed = OUTCOMES.map((outcome) => (outcome === 1 ? 10 / 11 : 1 / 13));

    const { intercept, slope, covariance } = fitLogistic(casesOf(smoothed))!;

    // scikit-learn 1.2.1 as above, each case twice with sample_weight; NumPy 1.24.2 for the inverse.
    expect(intercept).toBeCloseTo(11.130822766805954, 9);
    expect(slope).toBeCloseTo(-0.32143115124446203, 10);
    expect(covariance.slope).toBeCloseTo(0.027557334694899766, 10);
  });

  it("has the closed form of a two by two table for a covariate of two values", () => {
    fc.assert(
      fc.property(fc.tuple(anyCount, anyCount, anyCount, anyCount), ([a, b, c, d]) => {
        const { intercept, slope, covariance } = fitLogistic(twoByTwo(a, b, c, d))!;

        expect(intercept).toBeCloseTo(Math.log(c / d), 8);
        expect(slope).toBeCloseTo(Math.log((a * d) / (b * c)), 8);
        // Woolf 1955.
        expect(covariance.slope).toBeCloseTo(1 / a + 1 / b + 1 / c + 1 / d, 8);
        expect(covariance.intercept).toBeCloseTo(1 / c + 1 / d, 8);
      }),
    );
  });

  it("leaves no residual, neither in all nor along the covariate", () => {
    fc.assert(
      fc.property(anyCases, (cases) => {
        const fit = fitLogistic(cases);
        fc.pre(fit !== null);

        const residuals = cases.map(
          ({ covariate, target }) => target - logistic(fit.intercept + fit.slope * covariate),
        );

        expect(Math.abs(residuals.reduce((sum, one) => sum + one, 0))).toBeLessThan(1e-7);
        expect(Math.abs(residuals.reduce((sum, one, n) => sum + one * cases[n]!.covariate, 0))).toBeLessThan(1e-6);
      }),
    );
  });

  it("follows the covariate's unit and its zero", () => {
    const moved = casesOf(OUTCOMES).map(({ covariate, target }) => ({ covariate: 1e6 + 12 * covariate, target }));

    const [years, months] = [fitLogistic(casesOf(OUTCOMES))!, fitLogistic(moved)!];

    expect(months.slope * 12).toBeCloseTo(years.slope, 8);
    expect(months.intercept + 1e6 * months.slope).toBeCloseTo(years.intercept, 5);
    expect(months.covariance.slope * 144).toBeCloseTo(years.covariance.slope, 8);
  });

  it("gets there where Newton's own steps overshoot to infinity", () => {
    const fit = fitLogistic(twoByTwo(200, 1, 1, 1))!;

    expect(fit.intercept).toBeCloseTo(0, 10);
    expect(fit.slope).toBeCloseTo(Math.log(200), 10);
  });

  it.each([
    ["no cases", []],
    ["one outcome", [0, 1, 2].map((covariate) => ({ covariate, target: 1 }))],
    ["one covariate", [0, 1, 1].map((target) => ({ covariate: 5, target }))],
    ["a threshold between the outcomes", [0, 1, 2, 3].map((n) => ({ covariate: n, target: n < 2 ? 0 : 1 }))],
    ["a threshold the other way", [0, 1, 2, 3].map((n) => ({ covariate: n, target: n < 2 ? 1 : 0 }))],
    [
      "a threshold at which both outcomes lie",
      [
        { covariate: 0, target: 0 },
        { covariate: 1, target: 0 },
        { covariate: 1, target: 1 },
        { covariate: 2, target: 1 },
      ],
    ],
  ])("has no maximum with %s", (_, cases) => {
    expect(fitLogistic(cases)).toBeNull();
  });

  it("has a maximum as soon as targets lie between 0 and 1, for then nothing separates them", () => {
    const cases = [0, 1, 2, 3].map((n) => ({ covariate: n, target: n < 2 ? 0.1 : 0.9 }));

    const { slope } = fitLogistic(cases)!;

    expect(slope).toBeGreaterThan(0);
  });

  it.each([
    { covariate: Number.NaN, target: 1 },
    { covariate: Number.POSITIVE_INFINITY, target: 1 },
    { covariate: 1, target: 1.1 },
    { covariate: 1, target: -0.1 },
    { covariate: 1, target: Number.NaN },
  ])("refuses %o", (wrong) => {
    expect(() => fitLogistic([...casesOf(OUTCOMES), wrong])).toThrow(RangeError);
  });
});

describe("the logistic function", () => {
  it("turns log-odds back into the probability, far out too", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }), (probability) => {
        expect(logistic(logit(probability)) / probability).toBeCloseTo(1, 10);
      }),
    );
    expect([-1e6, 0, 1e6].map(logistic)).toEqual([0, 0.5, 1]);
  });
});
