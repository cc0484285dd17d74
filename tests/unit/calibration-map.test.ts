import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CALIBRATION_METHODS,
  calibrationBy,
  fitCalibrationMap,
  mappedProbability,
  methodFor,
} from "../../core/pregnancy/calibration-map.ts";
import { fitIsotonic, isotonicProbability } from "../../core/pregnancy/isotonic-calibrator.ts";

const anyScore = fc.integer({ min: 0, max: 50 }).map((n) => n / 50);
const anyCases = fc.array(fc.record({ score: anyScore, positive: fc.boolean() }), { minLength: 1, maxLength: 40 });

describe("the choice of a calibration method", () => {
  it("is isotonic regression from 1000 cases on, and Platt scaling below", () => {
    const methods = [20, 999, 1000, 50_000].map(methodFor);

    expect(methods).toEqual(["platt", "platt", "isotonic", "isotonic"]);
  });
});

describe.each(CALIBRATION_METHODS)("calibration by %s", (method) => {
  it("never falls, never rules out and never takes for certain", () => {
    fc.assert(
      fc.property(anyCases, anyScore, anyScore, (cases, one, other) => {
        const calibrated = calibrationBy(method)(cases);

        const [low, high] = [one, other].sort((a, b) => a - b).map(calibrated);

        const edge = 1 / (cases.length + 2);
        expect(high).toBeGreaterThanOrEqual(low!);
        expect(low).toBeGreaterThanOrEqual(edge);
        expect(high).toBeLessThanOrEqual(1 - edge);
      }),
    );
  });

  it("tells the method with the map, so that the map can be kept and read again", () => {
    const cases = [0.1, 0.4, 0.6, 0.9].map((score, n) => ({ score, positive: n % 2 === 1 }));

    const fitted = fitCalibrationMap(method, cases);

    expect(fitted.method).toBe(method);
    const read = JSON.parse(JSON.stringify(fitted));
    for (const score of [0, 0.3, 0.7, 1]) {
      expect(mappedProbability(read, score, 4)).toBe(calibrationBy(method)(cases)(score));
    }
  });
});

it("clips a steep Platt line far beyond the cases, where it would be all but certain", () => {
  const cases = Array.from({ length: 30 }, (_, n) => ({ score: 0.45 + n / 300, positive: n > 14 }));

  const calibrated = calibrationBy("platt")(cases);

  expect([calibrated(0.01), calibrated(0.99)]).toEqual([1 / 32, 31 / 32]);
});

it("gives isotonic regression's own answers: those are clipped as they are fitted", () => {
  fc.assert(
    fc.property(anyCases, anyScore, (cases, score) => {
      expect(calibrationBy("isotonic")(cases)(score)).toBe(isotonicProbability(fitIsotonic(cases), score));
    }),
  );
});
