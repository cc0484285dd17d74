import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  expectedCalibrationError,
  type Forecast,
  gradeForecasts,
  reliabilityCurve,
} from "../../core/statistics/reliability.ts";

const forecast = (probability: number, observed: number): Forecast => ({ probability, observed });

const anyForecasts = fc.array(
  fc.record({
    probability: fc.integer({ min: 0, max: 12 }).map((twelfths) => twelfths / 12),
    observed: fc.constantFrom(0, 0.5, 1),
  }),
  { minLength: 1, maxLength: 50 },
);

describe("gradeForecasts", () => {
  it("makes three forecasts of an embryo, against the shares of its votes", () => {
    const probabilities = { A: 0.5, B: 0.3, C: 0.2 };

    const forecasts = gradeForecasts([
      { probabilities, votes: ["A", "A", "B", "C"] },
      { probabilities, votes: [] },
    ]);

    expect(forecasts).toEqual([forecast(0.5, 0.5), forecast(0.3, 0.25), forecast(0.2, 0.25)]);
  });
});

describe("reliabilityCurve", () => {
  it("has bins of equal count with the means of what is in them", () => {
    const forecasts = [forecast(0.9, 1), forecast(0.1, 0), forecast(0.7, 0), forecast(0.3, 1)];

    const curve = reliabilityCurve(forecasts, 2);

    expect(curve).toEqual([
      { predicted: expect.closeTo(0.2, 12), observed: 0.5, count: 2 },
      { predicted: expect.closeTo(0.8, 12), observed: 0.5, count: 2 },
    ]);
  });

  it("shares what does not divide evenly out over all bins", () => {
    const forecasts = Array.from({ length: 11 }, (_, n) => forecast(n / 11, 0));

    const counts = reliabilityCurve(forecasts, 4).map(({ count }) => count);

    expect(counts).toEqual([3, 3, 3, 2]);
  });

  it("keeps equal probabilities together, all forecasts, and the order", () => {
    fc.assert(
      fc.property(anyForecasts, fc.integer({ min: 1, max: 12 }), (forecasts, bins) => {
        const curve = reliabilityCurve(forecasts, bins);

        const predicted = curve.map((bin) => bin.predicted);
        expect(curve.length).toBeLessThanOrEqual(bins);
        expect(curve.reduce((sum, { count }) => sum + count, 0)).toBe(forecasts.length);
        expect(curve.every(({ count }) => count > 0)).toBe(true);
        expect(predicted).toEqual(predicted.toSorted((a, b) => a - b));
        expect(new Set(predicted).size).toBe(predicted.length);
      }),
    );
  });

  it("has no bins without forecasts, and refuses to make none", () => {
    expect(reliabilityCurve([], 10)).toEqual([]);
    expect(() => reliabilityCurve([forecast(0.5, 1)], 0)).toThrow(RangeError);
  });
});

describe("expectedCalibrationError", () => {
  it("is the mean distance from the diagonal", () => {
    const forecasts = [forecast(0.9, 1), forecast(0.1, 0), forecast(0.7, 0), forecast(0.3, 1)];

    expect(expectedCalibrationError(forecasts, 2)).toBeCloseTo((2 * 0.3 + 2 * 0.3) / 4, 12);
    expect(expectedCalibrationError(forecasts, 4)).toBeCloseTo((0.1 + 0.1 + 0.7 + 0.7) / 4, 12);
  });

  it("is 0 for forecasts that come true as often as they say, and not a number for none", () => {
    const honest = [forecast(0.25, 0), forecast(0.25, 0), forecast(0.25, 0), forecast(0.25, 1), forecast(1, 1)];

    expect(expectedCalibrationError(honest, 10)).toBe(0);
    expect(expectedCalibrationError([], 10)).toBeNaN();
  });

  it("is at most 1, and at least what one single bin says", () => {
    fc.assert(
      fc.property(anyForecasts, fc.integer({ min: 1, max: 12 }), (forecasts, bins) => {
        const error = expectedCalibrationError(forecasts, bins);

        expect(error).toBeGreaterThanOrEqual(expectedCalibrationError(forecasts, 1) - 1e-12);
        expect(error).toBeLessThanOrEqual(1);
      }),
    );
  });
});
