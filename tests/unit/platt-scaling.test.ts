import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitPlatt, plattProbability } from "../../core/pregnancy/platt-scaling.ts";

const SCORES = [
  0.0249, 0.0659, 0.0721, 0.0763, 0.1332, 0.1805, 0.2048, 0.2134, 0.2303, 0.2684, 0.276, 0.2881, 0.314, 0.353, 0.3659,
  0.3704, 0.3724, 0.3809, 0.413, 0.4384, 0.4521, 0.4528, 0.4591, 0.4678, 0.4774, 0.4908, 0.4999, 0.5011, 0.5234, 0.5385,
  0.5485, 0.5726, 0.6005, 0.6574, 0.669, 0.6792, 0.7193, 0.7235, 0.7411, 0.7504, 0.7686, 0.7799, 0.8037, 0.8379, 0.9064,
  0.9091, 0.9096, 0.9312, 0.9501, 0.978,
];
const OUTCOMES = [..."00000110000010000000011000111111100110000010111111"].map(Number);
const CASES = SCORES.map((score, n) => ({ score, positive: OUTCOMES[n] === 1 }));

const anyScore = fc.double({ min: 0, max: 1, noNaN: true });
const anyCases = fc.array(fc.record({ score: anyScore, positive: fc.boolean() }), { minLength: 1, maxLength: 40 });

describe("Platt scaling", () => {
  it("is the regression on the log-odds with Platt's targets", () => {
    const calibrator = fitPlatt(CASES);

    // 21 positives, 29 negatives: targets 22/23 and 1/31. NumPy 1.24.2: eight Newton steps from scikit-learn 1.2.1's
    // LogisticRegression(penalty=None), each case once for either outcome with its target for a weight.
    expect(calibrator.intercept).toBeCloseTo(-0.40970265340867573, 9);
    expect(calibrator.slope).toBeCloseTo(0.6460244476950044, 9);
    for (const [score, probability] of [
      [0.05, 0.0901436501805336],
      [0.3, 0.27746365217032776],
      [0.5, 0.3989834214288588],
      [0.9, 0.7329728143026492],
    ] as const) {
      expect(plattProbability(calibrator, score)).toBeCloseTo(probability, 9);
    }
  });

  it("never falls", () => {
    fc.assert(
      fc.property(anyCases, anyScore, anyScore, (cases, one, other) => {
        const calibrator = fitPlatt(cases);

        const [low, high] = [one, other].sort((a, b) => a - b).map((score) => plattProbability(calibrator, score));

        expect(calibrator.slope).toBeGreaterThanOrEqual(0);
        expect(high).toBeGreaterThanOrEqual(low!);
      }),
    );
  });

  it("gives on average what the targets are on average", () => {
    fc.assert(
      fc.property(anyCases, (cases) => {
        const calibrator = fitPlatt(cases);

        const positives = cases.filter(({ positive }) => positive).length;
        const negatives = cases.length - positives;
        const targets = (positives * (positives + 1)) / (positives + 2) + negatives / (negatives + 2);
        const given = cases.reduce((sum, { score }) => sum + plattProbability(calibrator, score), 0);
        expect(given).toBeCloseTo(targets, 6);
      }),
    );
  });

  it.each([
    ["higher scores go with fewer pregnancies", CASES.map(({ score, positive }) => ({ score: 1 - score, positive }))],
    ["all scores are equal", CASES.map(({ positive }) => ({ score: 0.7, positive }))],
  ])("is level at about the share of positives where %s", (_, cases) => {
    const calibrator = fitPlatt(cases);

    const probabilities = [0, 0.3, 1].map((score) => plattProbability(calibrator, score));
    expect(calibrator.slope).toBe(0);
    for (const probability of probabilities) {
      expect(probability).toBeCloseTo((21 * (22 / 23) + 29 * (1 / 31)) / 50, 12);
    }
  });

  it("has an answer where the scores separate the outcomes, and where there is one outcome", () => {
    const separated = fitPlatt(SCORES.map((score) => ({ score, positive: score > 0.5 })));
    const onlyNegative = fitPlatt(SCORES.map((score) => ({ score, positive: false })));

    expect(plattProbability(separated, 0.05)).toBeLessThan(0.05);
    expect(plattProbability(separated, 0.95)).toBeGreaterThan(0.95);
    expect(plattProbability(onlyNegative, 0.95)).toBeCloseTo(1 / 52, 6);
  });

  it.each([[[]], [[{ score: 1.2, positive: true }]], [[{ score: Number.NaN, positive: true }]]])(
    "refuses to fit to %j",
    (cases) => {
      expect(() => fitPlatt(cases)).toThrow(RangeError);
    },
  );

  it.each([-0.1, 1.1, Number.NaN])("refuses score %d", (score) => {
    expect(() => plattProbability({ intercept: 0, slope: 1 }, score)).toThrow(RangeError);
  });
});
