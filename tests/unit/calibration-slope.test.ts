import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibrationSlope } from "../../core/statistics/calibration-slope.ts";
import { logistic } from "../../core/statistics/logistic-regression.ts";
import { centralNormalQuantile } from "../../core/statistics/normal-quantile.ts";
import type { Forecast } from "../../core/statistics/reliability.ts";

const PROBABILITIES = [
  0.0249, 0.0659, 0.0721, 0.0763, 0.1332, 0.1805, 0.2048, 0.2134, 0.2303, 0.2684, 0.276, 0.2881, 0.314, 0.353, 0.3659,
  0.3704, 0.3724, 0.3809, 0.413, 0.4384, 0.4521, 0.4528, 0.4591, 0.4678, 0.4774, 0.4908, 0.4999, 0.5011, 0.5234, 0.5385,
  0.5485, 0.5726, 0.6005, 0.6574, 0.669, 0.6792, 0.7193, 0.7235, 0.7411, 0.7504, 0.7686, 0.7799, 0.8037, 0.8379, 0.9064,
  0.9091, 0.9096, 0.9312, 0.9501, 0.978,
];
const OBSERVED = [..."00000110000010000000011000111111100110000010111111"].map(Number);
const FORECASTS: readonly Forecast[] = PROBABILITIES.map((probability, n) => ({
  probability,
  observed: OBSERVED[n]!,
}));

/** For each log-odds a thousand cases, in which the outcome comes as often as it is to. */
function calibrated(logOdds: readonly number[], bent: (one: number) => number): Forecast[] {
  return logOdds.flatMap((one) =>
    Array.from({ length: 1000 }, (_, n) => ({
      probability: logistic(bent(one)),
      observed: n < Math.round(1000 * logistic(one)) ? 1 : 0,
    })),
  );
}

describe("calibrationSlope", () => {
  it("is NumPy's Newton, with SciPy's normal quantiles", () => {
    const at95 = calibrationSlope(FORECASTS, { level: 0.95 })!;
    const at90 = calibrationSlope(FORECASTS, { level: 0.9 })!;

    // NumPy 1.24.2: eight Newton steps from scikit-learn 1.2.1's LogisticRegression(penalty=None), which they move by
    // 3e-7; roots of the diagonal of inv(X' W X); SciPy 1.10.1: stats.norm.ppf.
    expect(at95.slope.value).toBeCloseTo(0.7263552098513716, 9);
    expect(at95.slope.low).toBeCloseTo(0.19720192298921146, 9);
    expect(at95.slope.high).toBeCloseTo(1.2555084967135317, 9);
    expect(at95.intercept.value).toBeCloseTo(-0.4270399151758947, 9);
    expect(at95.intercept.low).toBeCloseTo(-1.0565075045679704, 9);
    expect(at95.intercept.high).toBeCloseTo(0.20242767421618102, 9);
    expect(at90.slope.low).toBeCloseTo(0.28227577269132126, 9);
    expect(at90.slope.high).toBeCloseTo(1.170434647011422, 9);
  });

  it("is 1 for forecasts that come true, less for those that are too sure, and moves with a shift", () => {
    const logOdds = [-2, -1, 0, 1, 2];

    const right = calibrationSlope(
      calibrated(logOdds, (one) => one),
      { level: 0.95 },
    )!;
    const oversure = calibrationSlope(
      calibrated(logOdds, (one) => 2 * one),
      { level: 0.95 },
    )!;
    const tooHigh = calibrationSlope(
      calibrated(logOdds, (one) => one + 1),
      { level: 0.95 },
    )!;

    expect(right.slope.value).toBeCloseTo(1, 2);
    expect(right.intercept.value).toBeCloseTo(0, 2);
    expect(oversure.slope.value).toBeCloseTo(right.slope.value / 2, 6);
    expect(tooHigh.slope.value).toBeCloseTo(right.slope.value, 6);
    expect(tooHigh.intercept.value).toBeCloseTo(right.intercept.value - right.slope.value, 6);
  });

  it("turns with the forecasts", () => {
    const turned = FORECASTS.map(({ probability, observed }) => ({ probability: 1 - probability, observed }));

    const { slope } = calibrationSlope(turned, { level: 0.95 })!;

    expect(slope.value).toBeCloseTo(-0.7263552098513716, 9);
  });

  it("takes 0 and 1 for 1e-6 away from them", () => {
    const withEnds = (least: number) => [
      ...FORECASTS,
      { probability: least, observed: 0 },
      { probability: 1 - least, observed: 1 },
    ];

    const [certain, nearly, less] = [0, 1e-6, 2e-6].map((least) => calibrationSlope(withEnds(least), { level: 0.95 }));

    expect(certain).toEqual(nearly);
    expect(certain!.slope.value).not.toBe(less!.slope.value);
  });

  it.each([
    ["one outcome", FORECASTS.map(({ probability }) => ({ probability, observed: 1 }))],
    ["equal forecasts", OBSERVED.map((observed) => ({ probability: 0.4, observed }))],
    ["forecasts that separate the outcomes", PROBABILITIES.map((p) => ({ probability: p, observed: p < 0.5 ? 0 : 1 }))],
    ["no forecasts", []],
  ])("has no slope for %s", (_, forecasts) => {
    expect(calibrationSlope(forecasts, { level: 0.95 })).toBeNull();
  });

  it.each([
    [{ probability: 1.1, observed: 1 }, 0.95],
    [{ probability: Number.NaN, observed: 1 }, 0.95],
    [{ probability: 0.5, observed: 2 }, 0.95],
    [{ probability: 0.5, observed: 1 }, 1],
  ])("refuses %o at level %d", (wrong, level) => {
    expect(() => calibrationSlope([...FORECASTS, wrong], { level })).toThrow(RangeError);
  });
});

describe("centralNormalQuantile", () => {
  // SciPy 1.10.1: scipy.stats.norm.ppf((1 + level) / 2).
  it.each([
    [0.001, 0.0012533144654324165],
    [0.5, 0.6744897501960817],
    [0.8, 1.2815515655446004],
    [0.95, 1.959963984540054],
    [0.99, 2.5758293035489004],
    [0.999, 3.2905267314919255],
  ])("at level %d is SciPy's", (level, expected) => {
    const found = centralNormalQuantile(level);

    expect(found).toBeCloseTo(expected, 11);
  });

  it("grows with the level", () => {
    const anyLevel = fc.double({ min: 1e-6, max: 1 - 1e-9, noNaN: true });
    fc.assert(
      fc.property(anyLevel, anyLevel, (one, other) => {
        const [low, high] = [one, other].sort((a, b) => a - b);

        expect(centralNormalQuantile(low!)).toBeLessThanOrEqual(centralNormalQuantile(high!) + 1e-9);
      }),
    );
  });

  it.each([0, 1, Number.NaN])("refuses level %d", (level) => {
    expect(() => centralNormalQuantile(level)).toThrow(RangeError);
  });
});
