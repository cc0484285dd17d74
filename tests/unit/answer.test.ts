import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GradeDistribution } from "../../core/contracts/grades.ts";
import { type Grading, GradingAnswer, type GradingRecord, type Sequence } from "../../core/contracts/grading.ts";
import { qualityGroup, structureGrade } from "../../core/grading/grade-decoding.ts";
import { answerOf, rankCohort } from "../../core/stations/answer.ts";
import { newGrading } from "../../core/stations/new-grading.ts";

const NOON = "2026-01-01T12:00:00.000Z";
const sequence: Sequence = {
  kind: "time-lapse",
  framesUsed: 28,
  firstHpi: 90.1,
  tMebHpi: 117.2,
  focalPlanesUm: [-45, 0, 45],
};

function grading(change: Partial<Grading> = {}): Grading {
  const upload = { gradingId: "g-2", clinicId: "north", ageYears: null, receivedAt: NOON };
  return { ...newGrading(upload), embryoId: "e-1", cycleId: "c-1", ...change };
}

function record(icm: GradeDistribution, te = icm, change: Partial<GradingRecord> = {}): GradingRecord {
  const grades = [icm, te].map((scores) => structureGrade({ scores, probabilities: scores }));
  return {
    clinicId: "north",
    embryoId: "e-1",
    archiveDigest: "a".repeat(64),
    ageYears: null,
    modelSha256: "b".repeat(64),
    gradingId: "g-1",
    cycleId: "c-1",
    icm: grades[0]!,
    te: grades[1]!,
    qualityGroup: qualityGroup(grades[0]!.grade, grades[1]!.grade),
    sequence,
    warnings: [{ code: "FEWER_FRAMES", detail: "Few." }],
    pregnancy: null,
    clipSha256: "c".repeat(64),
    model: "demo",
    demo: true,
    gradedAt: NOON,
    ...change,
  };
}

const good = { A: 0.7, B: 0.2, C: 0.1 };
const fair = { A: 0.2, B: 0.7, C: 0.1 };
const poor = { A: 0.1, B: 0.2, C: 0.7 };

const DEMO = { demo: true };
const REAL = { demo: false };

describe("answerOf", () => {
  it("shows the grades, and what they rest on, once there is a record", () => {
    const answer = answerOf(grading({ status: "graded" }), record(good, fair), REAL);

    expect(answer).toMatchObject({
      status: "graded",
      icm: { grade: "A", probabilities: good },
      te: { grade: "B", probabilities: fair },
      qualityGroup: "GQB",
      sequence,
      warnings: [{ code: "FEWER_FRAMES", detail: "Few." }],
      provenance: { model: "demo", clipSha256: "c".repeat(64), gradedAt: NOON },
    });
    expect(GradingAnswer.safeParse(answer).success).toBe(true);
  });

  it.each([
    ["grades of a demo model", record(good), REAL, true],
    ["grades of a real model that a demo has replaced", record(good, good, { demo: false }), DEMO, false],
    ["no grades, and a demo model serves", null, DEMO, true],
    ["no grades, and a real model serves", null, REAL, false],
  ])("says whether it is for clinical use, where there are %s", (_, given, serving, isDemo) => {
    const { notice } = answerOf(grading(), given, serving);

    expect(/demo.*not for clinical use/.test(notice ?? "")).toBe(isDemo);
    expect(notice === null).toBe(!isDemo);
  });

  it("withholds every grade until there is a record", () => {
    const answer = answerOf(grading({ status: "grading", sequence }), null, REAL);

    expect(answer).toMatchObject({ icm: null, te: null, qualityGroup: null, provenance: null, notice: null, sequence });
    expect(GradingAnswer.safeParse(answer).success).toBe(true);
  });

  it("shows why an upload was rejected, also one in which no embryo could be read", () => {
    const rejection = { code: "NOT_A_ZIP", detail: "Upload a zip." };

    const answer = answerOf(grading({ status: "rejected", embryoId: null, cycleId: null, rejection }), null, REAL);

    expect(answer).toMatchObject({ status: "rejected", embryoId: null, rejection });
    expect(GradingAnswer.safeParse(answer).success).toBe(true);
  });

  it("gives no pregnancy probability yet", () => {
    expect(answerOf(grading(), record(good), REAL).pregnancy).toBeNull();
  });
});

describe("rankCohort", () => {
  const graded = (embryoId: string, icm: GradeDistribution, te = icm) =>
    answerOf(grading({ embryoId, status: "graded" }), record(icm, te, { embryoId }), REAL);
  const rejected = (embryoId: string) => answerOf(grading({ embryoId, status: "rejected" }), null, REAL);
  const ranks = (...answers: GradingAnswer[]) => rankCohort(answers).map(({ embryoId, rank }) => [embryoId, rank]);

  it("puts the best embryo first, and those without grades last and without a rank", () => {
    expect(ranks(rejected("e-1"), graded("e-2", poor), graded("e-3", good), graded("e-4", fair))).toEqual([
      ["e-3", 1],
      ["e-4", 2],
      ["e-2", 3],
      ["e-1", null],
    ]);
  });

  it("counts ICM and TE alike", () => {
    expect(ranks(graded("e-2", good, poor), graded("e-1", poor, good)).map(([id]) => id)).toEqual(["e-1", "e-2"]);
  });

  it("tells two embryos of the same grades apart by their probabilities", () => {
    const nearlyA = { A: 0.45, B: 0.5, C: 0.05 };
    const nearlyC = { A: 0.05, B: 0.5, C: 0.45 };

    expect(ranks(graded("e-1", nearlyC), graded("e-2", nearlyA))[0]).toEqual(["e-2", 1]);
  });

  it("ranks the worst embryo above one without grades", () => {
    expect(ranks(rejected("e-1"), graded("e-2", { A: 0, B: 0, C: 1 }))).toEqual([
      ["e-2", 1],
      ["e-1", null],
    ]);
  });

  it("gives the same order whatever the order of the answers", () => {
    const cohort = [graded("e-1", good), graded("e-2", good), graded("e-3", poor), rejected("e-4"), rejected("e-5")];
    fc.assert(
      fc.property(fc.shuffledSubarray(cohort, { minLength: cohort.length }), (shuffled) => {
        expect(ranks(...shuffled)).toEqual(ranks(...cohort));
      }),
    );
  });
});
