import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMeasured } from "../../cli/evaluation/measured.ts";
import { networkKinds } from "../../cli/pregnancy/figures/network-kinds.ts";
import { performanceFigures } from "../../cli/pregnancy/figures/performance.ts";
import type { ScoredNetwork } from "../../cli/pregnancy/scoring.ts";
import { drawnProbability } from "../../cli/pregnancy/transfers.ts";
import { phantomEmbryo } from "../../phantom/index.ts";
import { pregnancyProbability } from "../../phantom/outcome.ts";
import { RESAMPLING, scoredBy, scoredNetwork, transfer, transfers } from "../builders/pregnancy-report.ts";

const HELD_OUT = transfers(2, 3);

const figures = (networks: readonly ScoredNetwork[], heldOut = HELD_OUT) =>
  performanceFigures(heldOut, networkKinds(networks), RESAMPLING);

describe("Table 2", () => {
  it("counts at a raw score of one half, and gives means and deviations over the folds", () => {
    const first = scoredNetwork({ e0: 0.5, e1: 0.4, e2: 0.6, e3: 0.1, e4: 0.2 });
    const second = scoredNetwork({ e0: 0.9, e1: 0.8, e2: 0.6, e3: 0.1, e4: 0.2 }, { fold: 1 });

    const { rows, heldOut } = figures([second, first]);

    expect(heldOut).toEqual({ embryos: 5, positives: 2, cycles: 5 });
    expect(rows).toHaveLength(1);
    // The first: one of two positives and two of three negatives right; four of six pairs in order.
    expect(rows[0]!.folds).toMatchObject([
      { fold: 0, auroc: 4 / 6, accuracy: 3 / 5, sensitivity: 1 / 2, specificity: 2 / 3 },
      { fold: 1, auroc: 1, accuracy: 4 / 5, sensitivity: 1, specificity: 2 / 3 },
    ]);
    expect(rows[0]!.auroc.mean).toBeCloseTo(5 / 6, 12);
    expect(rows[0]!.auroc.standardDeviation).toBeCloseTo(Math.SQRT2 / 6, 12);
    expect(rows[0]!.paper).toMatchObject({ auroc: { mean: 0.741 } });
  });

  it("has no deviation of a single network, and no paper's figures of one that it did not try", () => {
    const network = scoredBy(HELD_OUT, (_, n) => n / 10, { name: "Own", network: "own" });

    const { rows, gains, leads } = figures([network]);

    expect(rows).toMatchObject([{ auroc: { standardDeviation: null }, paper: null }]);
    expect([gains, leads]).toEqual([[], []]);
  });

  it("pairs enhanced with plain of the same network and fold", () => {
    const enhanced = scoredNetwork({ e0: 0.9, e1: 0.8, e2: 0.3, e3: 0.2, e4: 0.1 });
    const plain = scoredNetwork({ e0: 0.9, e1: 0.2, e2: 0.3, e3: 0.4, e4: 0.1 }, { input: "plain" });
    const other = scoredBy(HELD_OUT, () => 0.5, { name: "VGG16", network: "vgg16" });

    const { gains, leads } = figures([plain, enhanced, other]);

    expect(gains).toMatchObject([{ name: "ResNet50", deLong: [{ fold: 0 }], paper: expect.closeTo(0.025, 12) }]);
    expect(gains[0]!.auroc.value).toBeCloseTo(1 - 4 / 6, 12);
    expect(leads).toMatchObject([{ over: "VGG16", auroc: { value: 0.5 } }]);
  });

  it("takes the age alone by the younger woman, and a network by what it has above that", () => {
    const heldOut = [28, 40, 30, 41, 42].map((ageYears, n) => transfer(`e${n}`, { ageYears, positive: n < 2 }));
    const byAge = scoredBy(heldOut, ({ ageYears }) => 1 - ageYears / 100);

    const { ageAlone, rows } = figures([byAge], heldOut);

    expect(ageAlone.value).toBeCloseTo(5 / 6, 12);
    expect(rows[0]!.aboveAge).toMatchObject({ value: 0, low: 0, high: 0 });
  });

  it("draws every curve from 0 to 1", () => {
    const anyScores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 });

    fc.assert(
      fc.property(anyScores, (scores) => {
        const { rows } = figures([scoredBy(HELD_OUT, (_, n) => scores[n]!)]);

        const { curve, auroc } = rows[0]!.folds[0]!;
        expect(curve[0]).toEqual({ falsePositiveRate: 0, truePositiveRate: 0 });
        expect(curve.at(-1)).toEqual({ falsePositiveRate: 1, truePositiveRate: 1 });
        expect(auroc).toBeGreaterThanOrEqual(0);
        expect(auroc).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });
});

describe("the best attainable AUROC", () => {
  const phantoms = Array.from({ length: 60 }, (_, index) => phantomEmbryo({ seed: 13, index, kind: "blastocyst" }))
    .filter(({ outcome }) => outcome !== null)
    .map(({ embryoId, ageYears, outcome }) => transfer(embryoId, { ageYears, positive: outcome === 1 }));

  it("is that of the probabilities that the phantoms' outcomes were drawn with", () => {
    const drawn = scoredBy(phantoms, (one) => drawnProbability(one)!);

    const { bestAttainable, rows } = figures([drawn], phantoms);

    if (!isMeasured(bestAttainable)) throw new Error(bestAttainable.notMeasurable);
    expect(bestAttainable.value).toBeCloseTo(rows[0]!.auroc.mean, 12);
    const { embryoId, ageYears } = phantoms[0]!;
    const index = Number(embryoId.split("-")[2]);
    expect(drawnProbability(phantoms[0]!)).toBe(
      pregnancyProbability({ ...phantomEmbryo({ seed: 13, index }), ageYears }),
    );
  });

  it("is not measurable where embryos are no phantoms of this generator", () => {
    const [first, ...others] = phantoms;
    const others13 = [{ ...first!, ageYears: first!.ageYears + 1 }, ...others];

    const real = figures([scoredBy(HELD_OUT, () => 0.5)]);
    const changed = figures([scoredBy(others13, () => 0.5)], others13);

    expect(real.bestAttainable).toMatchObject({ notMeasurable: expect.stringContaining("phantoms") });
    expect(changed.bestAttainable).toMatchObject({ notMeasurable: expect.stringContaining("phantoms") });
  });
});
