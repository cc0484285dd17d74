import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Prediction } from "../../core/contracts/prediction.ts";
import { differencesOf, farthestScore, GPU_TOLERANCE } from "../../core/grading/same-prediction.ts";

const distribution = fc
  .tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1000 }))
  .map(([a, b]) => ({ A: Math.min(a, b) / 1000, B: Math.abs(a - b) / 1000, C: (1000 - Math.max(a, b)) / 1000 }));

const aPrediction = ({ a = 0.25, rawScore = 0.5 as number | null, ...changes }: Partial<Prediction> & Scores = {}) => {
  const scores = { A: a, B: 0.75 - a, C: 0.25 };
  const structure = { scores, probabilities: scores };
  const pregnancy = { rawScore, ageYears: 34, focus: "icm", attention: Array(49).fill(0), firstCellPx: 0 };
  return Prediction.parse({
    schema: "blastograde/prediction@1",
    classOrder: ["A", "B", "C"],
    model: "demo",
    modelSha256: "a".repeat(64),
    demo: true,
    clipSha256: "b".repeat(64),
    framesUsed: 6,
    icm: structure,
    te: structure,
    pregnancy: rawScore === null ? null : { ...pregnancy, masks: { icm: [], te: [] } },
    ...changes,
  });
};
interface Scores {
  readonly a?: number;
  readonly rawScore?: number | null;
}

describe("two predictions of one clip by one model", () => {
  it("agree where they are the same", () => {
    expect(differencesOf(aPrediction(), aPrediction(), 0)).toEqual([]);
    expect(farthestScore(aPrediction(), aPrediction())).toBe(0);
  });

  it("agree where no score is further off than the tolerance", () => {
    const other = aPrediction({ a: 0.25 + GPU_TOLERANCE / 2, rawScore: 0.5 - GPU_TOLERANCE / 2 });

    expect(differencesOf(aPrediction(), other, GPU_TOLERANCE)).toEqual([]);
  });

  it("differ by each score that is further off, which is named with both numbers", () => {
    const differences = differencesOf(aPrediction(), aPrediction({ a: 0.5, rawScore: 0.75 }), GPU_TOLERANCE);

    expect(differences).toEqual([
      "The ICM score of A is 0.5, not 0.25.",
      "The ICM score of B is 0.25, not 0.5.",
      "The TE score of A is 0.5, not 0.25.",
      "The TE score of B is 0.25, not 0.5.",
      "The raw pregnancy score is 0.75, not 0.5.",
    ]);
  });

  it.each([{ model: "other" }, { modelSha256: "c".repeat(64) }, { clipSha256: "c".repeat(64) }, { framesUsed: 5 }])(
    "differ by %o, whatever the tolerance",
    (change) => {
      const differences = differencesOf(aPrediction(), aPrediction(change), 1);

      expect(differences).toEqual([
        expect.stringContaining(`${Object.keys(change)[0]} is ${Object.values(change)[0]}`),
      ]);
    },
  );

  it("differ where only one has a pregnancy score, and by more than any tolerance", () => {
    const without = aPrediction({ rawScore: null });

    expect(differencesOf(aPrediction(), without, 1)).toEqual(["The raw pregnancy score is missing, not 0.5."]);
    expect(differencesOf(without, aPrediction(), 1)).toEqual(["The raw pregnancy score is 0.5, not missing."]);
    expect(farthestScore(without, aPrediction())).toBe(Number.POSITIVE_INFINITY);
    expect(differencesOf(without, without, 0)).toEqual([]);
  });

  it("differ by what is no number", () => {
    const broken = aPrediction();
    broken.te.scores.C = Number.NaN;

    expect(differencesOf(aPrediction(), broken, 1)).toEqual(["The TE score of C is NaN, not 0.25."]);
  });

  it("differ exactly where the farthest of their scores is past the tolerance", () => {
    fc.assert(
      fc.property(distribution, distribution, fc.double({ min: 0, max: 1, noNaN: true }), (one, other, tolerance) => {
        const [expected, actual] = [one, other].map((scores) =>
          aPrediction({ icm: { scores, probabilities: scores } }),
        );

        const agree = differencesOf(expected!, actual!, tolerance).length === 0;

        expect(agree).toBe(farthestScore(expected!, actual!) <= tolerance);
      }),
    );
  });
});
