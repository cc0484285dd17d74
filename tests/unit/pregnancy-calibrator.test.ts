import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PregnancyCalibrator } from "../../core/contracts/pregnancy-calibrator.ts";
import { fitCalibrationMap, mappedProbability } from "../../core/pregnancy/calibration-map.ts";
import type { CycleOutcome } from "../../core/pregnancy/cross-fitting.ts";
import {
  calibratedProbability,
  fitPregnancyCalibrator,
  type PregnancyCalibration,
} from "../../core/pregnancy/pregnancy-calibrator.ts";
import { logistic } from "../../core/statistics/logistic-regression.ts";
import { randomBelow } from "../../core/statistics/random-below.ts";

const OPTIONS: PregnancyCalibration = {
  modelSha256: "ab".repeat(32),
  demo: true,
  fittedOn: "2026-03-31",
  description: "Phantom embryos of one clinic.",
  seed: 1,
  resamples: 40,
};

/** As a network that is far too sure answers: the outcome's log-odds are half the score's, and a little lower. */
function drawnCases(count: number, seed: number, embryosOfACycle = 1): CycleOutcome[] {
  const below = randomBelow(seed);
  return Array.from({ length: count }, (_, n) => {
    const logOdds = below(6000) / 1000 - 3;
    const positive = below(1_000_000) / 1_000_000 < logistic(logOdds / 2 - 0.5);
    return { cycleId: `${Math.floor(n / embryosOfACycle)}`, score: logistic(logOdds), positive };
  });
}

const anyScore = fc.double({ min: 0, max: 1, noNaN: true });
const calibrators = [
  fitPregnancyCalibrator(drawnCases(200, 1), OPTIONS),
  fitPregnancyCalibrator(drawnCases(1000, 2, 3), OPTIONS),
];

describe("fitting a pregnancy calibrator", () => {
  it("says what it was fitted to, by which method and for which model, in a file that parses", () => {
    const cases = drawnCases(999, 3, 3);

    const calibrator = fitPregnancyCalibrator(cases, OPTIONS);

    const { map, interval, ...said } = calibrator;
    expect(said).toEqual({
      schema: "blastograde/pregnancy-calibrator@1",
      modelSha256: "ab".repeat(32),
      demo: true,
      fittedOn: "2026-03-31",
      outcome: "clinical pregnancy (gestational sac)",
      sample: {
        cases: 999,
        positives: cases.filter(({ positive }) => positive).length,
        cycles: 333,
        description: "Phantom embryos of one clinic.",
      },
      method: "platt",
    });
    expect(PregnancyCalibrator.parse(JSON.parse(JSON.stringify(calibrator)))).toEqual(calibrator);
  });

  it.each([
    [999, "platt"],
    [1000, "isotonic"],
  ] as const)("takes the map of %d cases by %s", (count, method) => {
    const cases = drawnCases(count, 4);

    const calibrator = fitPregnancyCalibrator(cases, OPTIONS);

    expect(calibrator).toMatchObject(fitCalibrationMap(method, cases));
    expect(PregnancyCalibrator.safeParse(calibrator).success).toBe(true);
  });

  it("is the same from the same seed; another seed moves the interval only", () => {
    const cases = drawnCases(100, 5);

    const once = fitPregnancyCalibrator(cases, OPTIONS);
    const again = fitPregnancyCalibrator(cases, OPTIONS);
    const other = fitPregnancyCalibrator(cases, { ...OPTIONS, seed: 2 });

    expect(again).toEqual(once);
    expect(other.interval).not.toEqual(once.interval);
    expect({ ...other, interval: null }).toEqual({ ...once, interval: null });
  });

  it("is narrower with more cycles, and not with copies of the same embryos", () => {
    const few = drawnCases(100, 6);
    const copies = [...few, ...few, ...few, ...few];
    const many = drawnCases(900, 6);
    const width = (cases: readonly CycleOutcome[]) => {
      const { low, high } = calibratedProbability(fitPregnancyCalibrator(cases, OPTIONS), 0.8);
      return high - low;
    };

    const [ofFew, ofCopies, ofMany] = [few, copies, many].map(width);

    expect(ofMany).toBeLessThan(0.5 * ofFew!);
    expect(ofCopies).toBeGreaterThan(0.9 * ofFew!);
  });

  it("holds the truth about as often as it says", () => {
    const scores = [-2, 0, 2];
    const held = Array.from({ length: 40 }, (_, n) => {
      const calibrator = fitPregnancyCalibrator(drawnCases(150, 100 + n), OPTIONS);
      return scores.map((logOdds) => {
        const { low, high } = calibratedProbability(calibrator, logistic(logOdds));
        const truth = logistic(logOdds / 2 - 0.5);
        return low <= truth && truth <= high;
      });
    });

    for (const [n] of scores.entries()) {
      const share = held.filter((one) => one[n]).length / held.length;
      expect(share).toBeGreaterThan(0.85);
    }
  });

  it("has room on both sides of the map near 0 and near 1 too, where a Platt map is steep", () => {
    const calibrator = fitPregnancyCalibrator(drawnCases(200, 9), OPTIONS);

    const shares = [0.0005, 0.003, 0.01, 0.5, 0.99, 0.997, 0.9995].map((score) => {
      const { probability, low, high } = calibratedProbability(calibrator, score);
      return (probability - low) / (high - low);
    });

    expect(Math.min(...shares)).toBeGreaterThan(0.1);
    expect(Math.max(...shares)).toBeLessThan(0.9);
  });

  it("leaves resamples with one outcome out", () => {
    // A third of the resamples have no positive; taken for samples they would answer 1 / 22.
    const cases = Array.from({ length: 20 }, (_, n) => ({ cycleId: `${n}`, score: 0.5, positive: n === 7 }));

    const { interval } = fitPregnancyCalibrator(cases, OPTIONS);

    const smoothed = (positives: number) =>
      ((positives * (positives + 1)) / (positives + 2) + (20 - positives) / (22 - positives)) / 20;
    expect(interval.points.find(({ score }) => score === 0.5)!.low).toBeCloseTo(smoothed(1), 10);
  });

  it("lets no bound beyond what so many cases can say, though a resample of large cycles has more of them", () => {
    const sizes = Array.from({ length: 20 }, (_, n) => (n < 10 ? 1 : 15));
    const cases = sizes.flatMap((size, cycle) =>
      Array.from({ length: size }, (_, n) => ({ cycleId: `${cycle}`, score: 0.45 + n / 150, positive: n > 7 })),
    );

    const { interval } = fitPregnancyCalibrator(cases, OPTIONS);

    const [first, last] = [interval.points[0]!, interval.points.at(-1)!];
    expect([first.low, last.high]).toEqual([1 / (cases.length + 2), 1 - 1 / (cases.length + 2)]);
  });

  it.each([
    ["19 cases", drawnCases(19, 7)],
    ["nine cycles", drawnCases(27, 7, 3)],
    ["no positives", drawnCases(50, 7).map((one) => ({ ...one, positive: false }))],
    ["no negatives", drawnCases(50, 7).map((one) => ({ ...one, positive: true }))],
    ["a score that is no raw score", drawnCases(50, 7).map((one) => ({ ...one, score: 1.5 }))],
    ["a score that is no number", drawnCases(50, 7).map((one) => ({ ...one, score: Number.NaN }))],
    ["a thousand scores below 0", drawnCases(1000, 7).map((one) => ({ ...one, score: -1 }))],
  ])("refuses %s", (_, cases) => {
    expect(() => fitPregnancyCalibrator(cases, OPTIONS)).toThrow(RangeError);
  });

  it.each([39, 60.5, Number.NaN])("refuses %d resamples", (resamples) => {
    expect(() => fitPregnancyCalibrator(drawnCases(50, 8), { ...OPTIONS, resamples })).toThrow(RangeError);
  });
});

describe.each(calibrators.map((calibrator) => [calibrator.method, calibrator] as const))(
  "a calibrator by %s",
  (_, calibrator) => {
    it("answers the map's probability within its interval, none of them out of reach of so many cases", () => {
      fc.assert(
        fc.property(anyScore, (score) => {
          const { probability, low, high } = calibratedProbability(calibrator, score);

          const edge = 1 / (calibrator.sample.cases + 2);
          expect(probability).toBe(mappedProbability(calibrator, score, calibrator.sample.cases));
          expect(low).toBeGreaterThanOrEqual(edge);
          expect(probability).toBeGreaterThanOrEqual(low);
          expect(high).toBeGreaterThanOrEqual(probability);
          expect(high).toBeLessThanOrEqual(1 - edge);
        }),
      );
    });

    it("never falls, nor does either bound", () => {
      fc.assert(
        fc.property(anyScore, anyScore, (one, other) => {
          const [less, more] = [one, other]
            .sort((a, b) => a - b)
            .map((score) => calibratedProbability(calibrator, score));

          for (const side of ["probability", "low", "high"] as const) {
            expect(more![side]).toBeGreaterThanOrEqual(less![side]);
          }
        }),
      );
    });

    it.each([-0.01, 1.01, Number.NaN])("refuses score %d", (score) => {
      expect(() => calibratedProbability(calibrator, score)).toThrow(RangeError);
    });

    describe("as a file", () => {
      const points = calibrator.interval.points;

      it.each([
        ["another schema", { schema: "blastograde/pregnancy-calibrator@2" }],
        ["no model", { modelSha256: "abc" }],
        ["no word on whether it is a demo", { demo: undefined }],
        ["a date that is none", { fittedOn: "2026-02-30" }],
        ["another outcome", { outcome: "live birth" }],
        ["as many positives as cases", { sample: { ...calibrator.sample, positives: calibrator.sample.cases } }],
        ["no positives", { sample: { ...calibrator.sample, positives: 0 } }],
        ["more cycles than cases", { sample: { ...calibrator.sample, cycles: calibrator.sample.cases + 1 } }],
        ["no description", { sample: { ...calibrator.sample, description: "" } }],
        ["a method that it has no map for", { method: calibrator.method === "platt" ? "isotonic" : "platt" }],
        ["an unknown method", { method: "beta" }],
        ["another level", { interval: { level: 0.9, points } }],
        ["no interval", { interval: { level: 0.95, points: [] } }],
        ["points out of order", { interval: { level: 0.95, points: points.toReversed() } }],
        ["a point twice", { interval: { level: 0.95, points: [points[0], ...points] } }],
        [
          "a falling bound",
          { interval: { level: 0.95, points: [...points.slice(0, -1), { ...points[0], score: 1 }] } },
        ],
        ["bounds the wrong way round", { interval: { level: 0.95, points: [{ score: 0.5, low: 0.4, high: 0.3 }] } }],
        ["a bound of 1", { interval: { level: 0.95, points: [{ score: 0.5, low: 0.4, high: 1 }] } }],
        ["a bound of 0", { interval: { level: 0.95, points: [{ score: 0.5, low: 0, high: 0.4 }] } }],
        ["a score beyond 1", { interval: { level: 0.95, points: [{ score: 50, low: 0.1, high: 0.4 }] } }],
      ])("does not parse with %s", (_, wrong) => {
        expect(PregnancyCalibrator.safeParse({ ...calibrator, ...wrong }).success).toBe(false);
      });
    });
  },
);

describe("an isotonic calibrator's file", () => {
  const [, isotonic] = calibrators;

  it.each([
    ["no knots", []],
    [
      "falling knots",
      [
        { score: 0.1, probability: 0.4 },
        { score: 0.2, probability: 0.3 },
      ],
    ],
    [
      "knots out of order",
      [
        { score: 0.2, probability: 0.3 },
        { score: 0.1, probability: 0.4 },
      ],
    ],
    [
      "a score twice",
      [
        { score: 0.1, probability: 0.3 },
        { score: 0.1, probability: 0.4 },
      ],
    ],
    ["a probability of 0", [{ score: 0.1, probability: 0 }]],
    ["a probability of 1", [{ score: 0.1, probability: 1 }]],
    ["a probability that is no number", [{ score: 0.1, probability: Number.NaN }]],
    ["a score beyond 1", [{ score: 1.1, probability: 0.3 }]],
  ])("does not parse with %s", (_, knots) => {
    expect(PregnancyCalibrator.safeParse({ ...isotonic, map: { knots } }).success).toBe(false);
  });
});

describe("a Platt calibrator's file", () => {
  const [platt] = calibrators;

  it.each([
    { intercept: 0, slope: -0.1 },
    { intercept: Number.NaN, slope: 1 },
    { intercept: 0, slope: Number.POSITIVE_INFINITY },
    { intercept: 0 },
  ])("does not parse with %o", (map) => {
    expect(PregnancyCalibrator.safeParse({ ...platt, map }).success).toBe(false);
  });
});
