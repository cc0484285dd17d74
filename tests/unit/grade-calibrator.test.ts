import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CalibrationMatrix } from "../../core/contracts/bundle.ts";
import { GRADES, type Grade, GradeDistribution } from "../../core/contracts/grades.ts";
import { applyGradeCalibrator, type CalibrationCase, fitGradeCalibrator } from "../../core/grading/grade-calibrator.ts";

const distribution: fc.Arbitrary<GradeDistribution> = fc
  .tuple(fc.nat(100), fc.nat(100), fc.nat(100))
  .filter(([a, b, c]) => a + b + c > 0)
  .map(([a, b, c]) => ({ A: a / (a + b + c), B: b / (a + b + c), C: c / (a + b + c) }));

const matrix: fc.Arbitrary<CalibrationMatrix> = fc
  .tuple(distribution, distribution, distribution)
  .map((columns) => GRADES.map((grade) => columns.map((column) => column[grade])) as CalibrationMatrix);

const cases: fc.Arbitrary<CalibrationCase[]> = fc.array(
  fc.record({ scores: distribution, votes: fc.array(fc.constantFrom(...GRADES), { minLength: 1, maxLength: 5 }) }),
  { minLength: 1, maxLength: 30 },
);

const sure = (grade: Grade): GradeDistribution => ({ A: 0, B: 0, C: 0, [grade]: 1 });
const repeated = (times: number, ...some: CalibrationCase[]) => Array.from({ length: times }, () => some).flat();

/** What a fit maximises: the votes' log-likelihood, each embryo once, and the prior's four pseudo-votes a column. */
function objective(calibrator: CalibrationMatrix, fitted: readonly CalibrationCase[]): number {
  let sum = 0;
  for (const { scores, votes } of fitted) {
    const probabilities = applyGradeCalibrator(calibrator, scores);
    for (const vote of votes) sum += Math.log(probabilities[vote]) / votes.length;
  }
  calibrator.forEach((row, c) => {
    row.forEach((value, k) => {
      sum += 4 * (c === k ? 0.8 : 0.1) * Math.log(value);
    });
  });
  return sum;
}

describe("applyGradeCalibrator", () => {
  it("gives probabilities, whatever the scores and the map", () => {
    fc.assert(
      fc.property(matrix, distribution, (calibrator, scores) => {
        const probabilities = applyGradeCalibrator(calibrator, scores);

        expect(GradeDistribution.safeParse(probabilities).success).toBe(true);
        expect(probabilities.A + probabilities.B + probabilities.C).toBeCloseTo(1, 12);
      }),
    );
  });

  it("is nothing but the map's column where the network is sure", () => {
    const calibrator: CalibrationMatrix = [
      [0.7, 0.2, 0],
      [0.3, 0.6, 0.1],
      [0, 0.2, 0.9],
    ];

    expect(applyGradeCalibrator(calibrator, sure("A"))).toEqual({ A: 0.7, B: 0.3, C: 0 });
    expect(applyGradeCalibrator(calibrator, sure("B"))).toEqual({ A: 0.2, B: 0.6, C: 0.2 });
  });

  it("mixes the columns by the scores", () => {
    const calibrator: CalibrationMatrix = [
      [0.75, 0.25, 0],
      [0.25, 0.5, 0.25],
      [0, 0.25, 0.75],
    ];

    const { A, B, C } = applyGradeCalibrator(calibrator, { A: 0.5, B: 0.5, C: 0 });

    expect([A, B, C]).toEqual([0.5, 0.375, 0.125]);
  });
});

describe("fitGradeCalibrator", () => {
  it("gives a map that a bundle's manifest takes", () => {
    fc.assert(
      fc.property(cases, (fitted) => {
        const calibrator = fitGradeCalibrator(fitted);

        expect(CalibrationMatrix.safeParse(calibrator).success).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("fits the votes as well as any other map does, the prior considered", () => {
    fc.assert(
      fc.property(cases, fc.array(matrix, { minLength: 5, maxLength: 5 }), (fitted, others) => {
        const calibrator = fitGradeCalibrator(fitted);

        const best = objective(calibrator, fitted);
        const start: CalibrationMatrix = [
          [0.8, 0.1, 0.1],
          [0.1, 0.8, 0.1],
          [0.1, 0.1, 0.8],
        ];
        for (const other of [start, ...others]) expect(objective(other, fitted)).toBeLessThan(best + 1e-3);
      }),
      { numRuns: 30 },
    );
  });

  it("comes near to the identity where the network is sure and right", () => {
    const agreed = GRADES.map((grade) => ({ scores: sure(grade), votes: Array<Grade>(5).fill(grade) }));

    const calibrator = fitGradeCalibrator(repeated(200, ...agreed));

    for (const k of [0, 1, 2]) expect(calibrator[k]![k]).toBeGreaterThan(0.99);
  });

  it("gives mass back to a class whose score is zero", () => {
    const scores = { A: 0.58, B: 0.42, C: 0 };
    const split = { scores, votes: ["A", "A", "A", "A", "A", "A", "B", "B", "B", "C"] as Grade[] };

    const probabilities = applyGradeCalibrator(fitGradeCalibrator(repeated(500, split)), scores);

    expect(probabilities.A).toBeCloseTo(0.6, 2);
    expect(probabilities.B).toBeCloseTo(0.3, 2);
    expect(probabilities.C).toBeCloseTo(0.1, 2);
  });

  it("leaves the column of a class that never occurs where it began", () => {
    const calibrator = fitGradeCalibrator(repeated(50, { scores: sure("A"), votes: ["A"] }));

    expect(calibrator.map((row) => row[2])).toEqual([expect.closeTo(0.1), expect.closeTo(0.1), expect.closeTo(0.8)]);
  });

  it("counts an embryo once, however many voted", () => {
    const once = fitGradeCalibrator([{ scores: sure("B"), votes: ["B", "C"] }]);
    const often = fitGradeCalibrator([{ scores: sure("B"), votes: ["B", "C", "B", "C", "B", "C"] }]);

    often.forEach((row, c) => {
      row.forEach((value, k) => {
        expect(value).toBeCloseTo(once[c]![k]!, 9);
      });
    });
  });
});
