import { describe, expect, it } from "vitest";
import type { Grade, QualityGroup } from "../../core/contracts/grades.ts";
import {
  expectedPosition,
  gradePosition,
  mostProbableGrade,
  qualityGroup,
  structureGrade,
} from "../../core/grading/grade-decoding.ts";

describe("mostProbableGrade", () => {
  it.each<[number, number, number, Grade]>([
    [0.5, 0.3, 0.2, "A"],
    [0.2, 0.5, 0.3, "B"],
    [0.2, 0.3, 0.5, "C"],
    [0, 0, 1, "C"],
  ])("of %d, %d and %d is the largest", (A, B, C, grade) => {
    expect(mostProbableGrade({ A, B, C })).toBe(grade);
  });

  it.each<[number, number, number, Grade]>([
    [0.4, 0.4, 0.2, "A"],
    [0.4, 0.2, 0.4, "A"],
    [0.2, 0.4, 0.4, "B"],
    [1 / 3, 1 / 3, 1 / 3, "A"],
  ])("of %d, %d and %d is the better of the equal ones", (A, B, C, grade) => {
    expect(mostProbableGrade({ A, B, C })).toBe(grade);
  });
});

describe("structureGrade", () => {
  it("follows the probabilities, not the scores, and keeps both", () => {
    const scores = { A: 0.6, B: 0.4, C: 0 };
    const probabilities = { A: 0.3, B: 0.5, C: 0.2 };

    expect(structureGrade({ scores, probabilities })).toEqual({ grade: "B", probabilities, scores });
  });
});

describe("the linear scale", () => {
  it("has C at 0, B at 1 and A at 2", () => {
    expect((["C", "B", "A"] as const).map(gradePosition)).toEqual([0, 1, 2]);
  });

  it("expects the mean position of a distribution", () => {
    expect(expectedPosition({ A: 1, B: 0, C: 0 })).toBe(2);
    expect(expectedPosition({ A: 0.25, B: 0.5, C: 0.25 })).toBe(1);
    expect(expectedPosition({ A: 0.1, B: 0.2, C: 0.7 })).toBeCloseTo(0.4, 12);
  });
});

describe("qualityGroup", () => {
  it.each<[Grade, Grade, QualityGroup]>([
    ["A", "A", "TQB"],
    ["A", "B", "GQB"],
    ["B", "A", "GQB"],
    ["B", "B", "GQB"],
    ["A", "C", "PQB"],
    ["B", "C", "PQB"],
    ["C", "A", "PQB"],
    ["C", "B", "PQB"],
    ["C", "C", "PQB"],
  ])("of ICM %s and TE %s is %s", (icm, te, group) => {
    expect(qualityGroup(icm, te)).toBe(group);
  });
});
