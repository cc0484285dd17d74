import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaUnderCurve } from "../../core/statistics/roc.ts";
import { type PhantomEmbryo, phantomEmbryo } from "../../phantom/index.ts";
import { pregnancyProbability } from "../../phantom/outcome.ts";

const transferred = Array.from({ length: 12_000 }, (_, index) =>
  phantomEmbryo({ seed: 21, index, firstHpi: 100, lastHpi: 101 }),
).filter(({ outcome }) => outcome !== null);

const quality = fc.double({ min: 0, max: 1, noNaN: true });
const age = fc.integer({ min: 18, max: 55 });

describe("the outcomes of transferred phantoms", () => {
  it("has the ages of Kim's Table 1 by outcome, each mean within 0.3 years, and a third positive", () => {
    const positives = transferred.filter(({ outcome }) => outcome === 1);
    const negatives = transferred.filter(({ outcome }) => outcome === 0);

    const share = positives.length / transferred.length;

    expect(Math.abs(meanAge(positives) - 34)).toBeLessThan(0.3);
    expect(Math.abs(meanAge(negatives) - 36.2)).toBeLessThan(0.3);
    expect(Math.abs(share - 1 / 3)).toBeLessThan(0.02);
  });

  it("leaves a best attainable AUROC near 0.75, of which age alone gives near 0.665", () => {
    const areaOf = (score: (embryo: PhantomEmbryo) => number) =>
      areaUnderCurve(transferred.map((embryo) => ({ score: score(embryo), positive: embryo.outcome === 1 }))).area;

    const best = areaOf(pregnancyProbability);
    const byAge = areaOf(({ ageYears }) => -ageYears);

    expect(Math.abs(best - 0.75)).toBeLessThan(0.015);
    expect(Math.abs(byAge - 0.665)).toBeLessThan(0.02);
  });

  it("transfers blastocysts alone, and none that its clinic graded C and C", () => {
    const embryos = Array.from({ length: 2000 }, (_, index) => phantomEmbryo({ seed: 22, index }));

    const left = embryos.filter(({ outcome }) => outcome === null);

    expect(left.length).toBeGreaterThan(100);
    for (const { kind, icmLabel, teLabel } of left) {
      expect(kind !== "blastocyst" || (icmLabel === "C" && teLabel === "C")).toBe(true);
    }
  });

  it("never gives a better embryo or a younger woman the smaller chance", () => {
    fc.assert(
      fc.property(quality, quality, age, quality, fc.integer({ min: 0, max: 20 }), (icm, te, years, more, older) => {
        const chance = pregnancyProbability({ latentIcm: icm, latentTe: te, ageYears: years });

        const betterIcm = pregnancyProbability({ latentIcm: icm + more, latentTe: te, ageYears: years });
        const betterTe = pregnancyProbability({ latentIcm: icm, latentTe: te + more, ageYears: years });
        const later = pregnancyProbability({ latentIcm: icm, latentTe: te, ageYears: years + older });

        expect(betterIcm).toBeGreaterThanOrEqual(chance);
        expect(betterTe).toBeGreaterThanOrEqual(chance);
        expect(later).toBeLessThanOrEqual(chance);
      }),
    );
  });
});

function meanAge(embryos: readonly PhantomEmbryo[]): number {
  return embryos.reduce((sum, { ageYears }) => sum + ageYears, 0) / embryos.length;
}
