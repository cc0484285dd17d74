import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaUnderCurve, compareAreas, rocCurve, type ScoredCase } from "../../core/statistics/roc.ts";

const scored = (positives: readonly number[], negatives: readonly number[]): ScoredCase[] => [
  ...negatives.map((score) => ({ score, positive: false })),
  ...positives.map((score) => ({ score, positive: true })),
];

// Few different scores, so that ties are common, as with quality groups.
const scores = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 2, maxLength: 20 });

/** One for a positive above a negative, half for a tie: the kernel of Mann and Whitney. */
function kernel(positive: number, negative: number): number {
  return positive > negative ? 1 : positive === negative ? 0.5 : 0;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function covariance(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [average(a), average(b)];
  return a.reduce((sum, value, i) => sum + (value - meanA) * (b[i]! - meanB), 0) / (a.length - 1);
}

describe("rocCurve", () => {
  it("takes cases of equal score in one step", () => {
    expect(rocCurve(scored([3, 2], [1, 2]))).toEqual([
      { threshold: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 },
      { threshold: 3, falsePositiveRate: 0, truePositiveRate: 0.5 },
      { threshold: 2, falsePositiveRate: 0.5, truePositiveRate: 1 },
      { threshold: 1, falsePositiveRate: 1, truePositiveRate: 1 },
    ]);
  });

  it.each([
    ["no case", [], []],
    ["no negative", [1, 2], []],
    ["no positive", [], [1, 2]],
  ])("has no points with %s", (_, positives, negatives) => {
    expect(rocCurve(scored(positives, negatives))).toEqual([]);
  });

  it("encloses the area under the curve, by trapezoids", () => {
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const cases = scored(positives, negatives);

        const points = rocCurve(cases);

        const trapezoids = points.slice(1).map((to, i) => {
          const from = points[i]!;
          return ((to.falsePositiveRate - from.falsePositiveRate) * (to.truePositiveRate + from.truePositiveRate)) / 2;
        });
        expect(trapezoids.reduce((sum, area) => sum + area)).toBeCloseTo(areaUnderCurve(cases).area, 12);
        expect(points.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 });
      }),
    );
  });
});

describe("areaUnderCurve", () => {
  it("is what a hand reckons, ties counting one half", () => {
    // 3 beats 1 and 2; 2 beats 1 and ties with 2. Each class's shares are 1 and 3/4, of variance 1/32.
    const { area, standardError } = areaUnderCurve(scored([3, 2], [1, 2]));

    expect(area).toBeCloseTo(3.5 / 4, 12);
    expect(standardError).toBeCloseTo(Math.sqrt(1 / 32 / 2 + 1 / 32 / 2), 12);
  });

  it("is the share of pairs that Mann and Whitney count", () => {
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const { area } = areaUnderCurve(scored(positives, negatives));

        expect(area).toBeCloseTo(average(positives.flatMap((p) => negatives.map((n) => kernel(p, n)))), 12);
      }),
    );
  });

  it("is not a number without a positive or without a negative", () => {
    expect(areaUnderCurve(scored([1], [])).area).toBeNaN();
    expect(areaUnderCurve(scored([], [1])).area).toBeNaN();
    expect(areaUnderCurve(scored([2], [1])).area).toBe(1);
    expect(areaUnderCurve(scored([2], [1])).standardError).toBeNaN();
  });
});

const twiceScored = fc.record({ first: fc.integer({ min: 0, max: 6 }), second: fc.integer({ min: 0, max: 6 }) });
const twiceScoredClass = fc.array(twiceScored, { minLength: 2, maxLength: 15 });

function twice(
  positives: readonly { first: number; second: number }[],
  negatives: readonly { first: number; second: number }[],
) {
  return [
    ...positives.map((one) => ({ ...one, positive: true })),
    ...negatives.map((one) => ({ ...one, positive: false })),
  ];
}

const pair = (first: number, second: number) => ({ first, second });

describe("compareAreas", () => {
  it("finds what DeLong's covariance matrix gives, worked out apart from this program", () => {
    const positives = [pair(5, 3), pair(4, 4), pair(4, 1), pair(2, 2), pair(3, 2)];
    const negatives = [pair(1, 1), pair(2, 2), pair(3, 3), pair(1, 4)];

    const { first, second, difference, standardError, z, p } = compareAreas(twice(positives, negatives));

    expect(first.area).toBeCloseTo(0.9, 12);
    expect(first.standardError).toBeCloseTo(0.1015504800579495, 12);
    expect(second.area).toBeCloseTo(0.475, 12);
    expect(second.standardError).toBeCloseTo(0.21650635094610965, 12);
    expect(difference).toBeCloseTo(0.425, 12);
    expect(standardError).toBeCloseTo(0.21335611857486847, 12);
    expect(z).toBeCloseTo(1.991974745504493, 12);
    expect(p).toBeCloseTo(0.046373828878035116, 7);
  });

  it("has the variance of the brute-force covariance matrix", () => {
    fc.assert(
      fc.property(twiceScoredClass, twiceScoredClass, (positives, negatives) => {
        const { standardError } = compareAreas(twice(positives, negatives));

        const ofPositives = (by: "first" | "second") =>
          positives.map((p) => average(negatives.map((n) => kernel(p[by], n[by]))));
        const ofNegatives = (by: "first" | "second") =>
          negatives.map((n) => average(positives.map((p) => kernel(p[by], n[by]))));
        const entry = (a: "first" | "second", b: "first" | "second") =>
          covariance(ofPositives(a), ofPositives(b)) / positives.length +
          covariance(ofNegatives(a), ofNegatives(b)) / negatives.length;
        const variance = entry("first", "first") + entry("second", "second") - 2 * entry("first", "second");
        expect(standardError ** 2).toBeCloseTo(variance, 12);
      }),
    );
  });

  it("turns its sign and nothing else when the predictors change places", () => {
    fc.assert(
      fc.property(twiceScoredClass, twiceScoredClass, (positives, negatives) => {
        const swapped = (all: typeof positives) => all.map(({ first, second }) => pair(second, first));

        const one = compareAreas(twice(positives, negatives));
        const other = compareAreas(twice(swapped(positives), swapped(negatives)));

        expect(other.difference).toBeCloseTo(-one.difference, 12);
        expect(other.p).toBeCloseTo(one.p, 12);
        expect(one.p).toBeGreaterThanOrEqual(0);
        expect(one.p).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("is sure that a predictor is as good as itself", () => {
    const same = compareAreas(twice([pair(2, 2), pair(3, 3)], [pair(1, 1), pair(2, 2)]));

    expect(same).toMatchObject({ difference: 0, z: 0, p: expect.closeTo(1, 6) });
  });

  it("is sure of a difference without variance", () => {
    const opposite = compareAreas(twice([pair(2, 1), pair(2, 1)], [pair(1, 2), pair(1, 2)]));

    expect(opposite).toMatchObject({ difference: 1, standardError: 0, z: Number.POSITIVE_INFINITY, p: 0 });
  });

  it("has no answer without two of each class", () => {
    const { z, p } = compareAreas(twice([pair(2, 1)], [pair(1, 2), pair(1, 1)]));

    expect([z, p]).toEqual([Number.NaN, Number.NaN]);
  });
});
