import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMeasured } from "../../cli/evaluation/measured.ts";
import { ageRows, paperAgeRows } from "../../cli/pregnancy/figures/ages.ts";
import { verdictAbove } from "../../cli/pregnancy/figures/claims.ts";
import { quartiles } from "../../cli/pregnancy/figures/quartiles.ts";
import { segmentationFigures } from "../../cli/pregnancy/figures/segmentation.ts";
import type { SegmentedEmbryo, TissueOverlap } from "../../cli/pregnancy/scoring.ts";
import { RESAMPLING, transfer } from "../builders/pregnancy-report.ts";

describe("Table 1", () => {
  const women = (clinic: string | null, outcome: boolean, ...ages: readonly number[]) =>
    ages.map((ageYears, n) => transfer(`${clinic}${outcome}${n}`, { clinic, ageYears, positive: outcome }));

  it("has all embryos, then each clinic", () => {
    const rows = ageRows([
      ...women("south", false, 38, 40),
      ...women("south", true, 30, 32),
      ...women("north", false, 36, 38),
      ...women("north", true, 33),
    ]);

    expect(rows.map(({ laboratory }) => laboratory)).toEqual(["Total", "north", "south"]);
    expect(rows[0]).toMatchObject({ negative: { n: 4, mean: 38 }, positive: { n: 3, mean: 95 / 3 } });
    // 39 against 31, each with a deviation of the square root of 2: t = 8 / sqrt(2).
    expect(rows[2]).toMatchObject({ tests: { student: { t: expect.closeTo(8 / Math.SQRT2, 12), df: 2 } } });
  });

  it("has no test of one embryo, nor of ages that do not vary", () => {
    const [one] = ageRows([...women(null, false, 36, 38), ...women(null, true, 33)]);
    const [alike] = ageRows([...women(null, false, 36, 36), ...women(null, true, 33, 33)]);

    expect(one!.positive).toEqual({ notMeasurable: "there is one embryo" });
    expect(one!.tests).toEqual({ notMeasurable: expect.stringContaining("two embryos or more") });
    expect(alike!.tests).toEqual({ notMeasurable: "the ages do not vary" });
  });

  it("stands beside both tests of the paper's printed numbers", () => {
    const rows = paperAgeRows();

    const clinicD = rows.find(({ laboratory }) => laboratory === "D")!;
    expect(clinicD.p).toBe("0.027");
    // SciPy 1.10.1, as in kim-2024.test.ts.
    expect([clinicD.student.p, clinicD.welch.p]).toEqual([expect.closeTo(0.020526, 6), expect.closeTo(0.025973, 6)]);
  });
});

describe("segmentation", () => {
  const embryo = (icm: TissueOverlap, known: Partial<SegmentedEmbryo> = {}): SegmentedEmbryo => ({
    cycleId: "one",
    grade: { icm: "A", te: null },
    overlap: { icm, te: { dice: null, found: false } },
    ...known,
  });

  it("counts what is not found with 0, and leaves embryos without the tissue out of the means", () => {
    const { icm, te } = segmentationFigures(
      [
        embryo({ dice: 1, found: true }, { cycleId: "1" }),
        embryo({ dice: 0.5, found: true }, { cycleId: "2", grade: { icm: "C", te: "B" } }),
        embryo({ dice: 0, found: false }, { cycleId: "3" }),
        embryo({ dice: null, found: true }, { cycleId: "4" }),
      ],
      RESAMPLING,
    );

    expect(icm).toMatchObject({
      embryos: 3,
      dice: { value: 0.5 },
      jaccard: { value: expect.closeTo((1 + 1 / 3 + 0) / 3, 12) },
      medianDice: 0.5,
      notFound: 1,
      without: 1,
      falselyFound: 1,
      byGrade: [
        { grade: "A", embryos: 2, dice: { value: 0.5 } },
        { grade: "B", embryos: 0, dice: { notMeasurable: "no embryo has this grade" } },
        { grade: "C", embryos: 1, dice: { value: 0.5, low: null } },
      ],
    });
    expect(te).toEqual({ notMeasurable: "no held-out embryo shows any TE" });
  });

  it("has a Jaccard index never above the Dice coefficient", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }), (all) => {
        const { icm } = segmentationFigures(
          all.map((dice, n) => embryo({ dice, found: true }, { cycleId: `${n}` })),
          RESAMPLING,
        );

        if (!isMeasured(icm)) throw new Error(icm.notMeasurable);
        expect(icm.jaccard.value).toBeLessThanOrEqual(icm.dice.value + 1e-12);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a verdict", () => {
  it.each([
    [{ value: 0.1, low: 0.02, high: 0.2 }, "holds"],
    [{ value: 0.1, low: -0.02, high: 0.2 }, "not decided"],
    [{ value: 0.1, low: 0, high: 0.2 }, "not decided"],
    [{ value: -0.1, low: -0.2, high: -0.01 }, "does not hold"],
    [{ value: 0.1, low: null, high: null }, "not decided"],
  ])("on %j is that it %s", (difference, verdict) => {
    const found = verdictAbove(difference);

    expect(found).toBe(verdict);
  });
});

it("has quartiles as NumPy has them", () => {
  const three = quartiles([3, 1, 2]);
  const one = quartiles([0.7]);

  expect(three).toEqual({ lower: 1.5, median: 2, upper: 2.5 });
  expect(one).toEqual({ lower: 0.7, median: 0.7, upper: 0.7 });
});
