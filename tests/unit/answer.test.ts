import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GradeDistribution } from "../../core/contracts/grades.ts";
import { type Grading, GradingAnswer, type GradingRecord, type Sequence } from "../../core/contracts/grading.ts";
import { qualityGroup, structureGrade } from "../../core/grading/grade-decoding.ts";
import { answerOf, rankCohort, type Serving } from "../../core/stations/answer.ts";
import { newGrading } from "../../core/stations/new-grading.ts";
import { aCalibrator } from "../builders/calibrators.ts";

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
    modelSha256: MODEL,
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

const DEMO: Serving = { demo: true, calibrator: null };
const REAL: Serving = { demo: false, calibrator: null };
const MODEL = "b".repeat(64);
const calibrated = (change: Parameters<typeof aCalibrator>[0] = {}): Serving => ({
  demo: false,
  calibrator: { calibrator: aCalibrator({ modelSha256: MODEL, ...change }), sha256: "f".repeat(64) },
});

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
});

describe("the pregnancy in an answer", () => {
  const score = { rawScore: 0.5, ageYears: 34, focus: "icm" } as const;
  const scored = record(good, good, { pregnancy: score, demo: false });

  it("has a probability and its interval by the clinic's calibrator, which the answer names", () => {
    const answer = answerOf(grading(), scored, calibrated());

    expect(answer.pregnancy).toEqual({
      ...score,
      probability: 0.5,
      interval: { low: expect.closeTo(0.4), high: expect.closeTo(0.6), level: 0.95 },
      calibratedOn: "2026-02-01",
    });
    expect(answer.provenance?.calibratorSha256).toBe("f".repeat(64));
    expect(answer.warnings).toEqual(scored.warnings);
    expect(answer.notice).toBeNull();
    expect(GradingAnswer.safeParse(answer).success).toBe(true);
  });

  it.each([
    ["there is no calibrator", REAL],
    ["the calibrator is another model's", calibrated({ modelSha256: "c".repeat(64) })],
  ])("has the raw score alone, and says so, where %s", (_why, serving) => {
    const answer = answerOf(grading(), scored, serving);

    expect(answer.pregnancy).toEqual({ ...score, probability: null, interval: null, calibratedOn: null });
    expect(answer.provenance?.calibratorSha256).toBeNull();
    expect(answer.warnings).toMatchObject([...scored.warnings, { code: "PREGNANCY_NOT_CALIBRATED" }]);
    expect(GradingAnswer.safeParse(answer).success).toBe(true);
  });

  it("is null without an age, whose warning the record has, and no calibrator had a part in it", () => {
    const warnings = [{ code: "AGE_MISSING", detail: "Nobody said her age." }];

    const answer = answerOf(grading(), record(good, good, { warnings }), calibrated());

    expect(answer).toMatchObject({ pregnancy: null, warnings, provenance: { calibratorSha256: null } });
  });

  it("is null before there is a record", () => {
    expect(answerOf(grading(), null, calibrated())).toMatchObject({ pregnancy: null, warnings: [] });
  });

  it("is for no clinical use where phantoms fitted the calibrator, whoever trained the weights", () => {
    expect(answerOf(grading(), scored, calibrated({ demo: true })).notice).toContain("not for clinical use");
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

describe("rankCohort of embryos with a probability of pregnancy", () => {
  /** Few values, so that ties are common; of four the calibrator makes the same probability. */
  const score = fc.integer({ min: 6, max: 12 }).map((twentieths) => twentieths / 20);
  const anyAnswer = fc.record({
    icm: fc.option(fc.constantFrom(good, fair, poor)),
    rawScore: fc.option(score),
    isCalibrated: fc.boolean(),
  });
  const anyCohort = fc.array(anyAnswer, { minLength: 1, maxLength: 8 }).map((embryos) =>
    embryos.map(({ icm, rawScore, isCalibrated }, place) => {
      const embryoId = `e-${place}`;
      if (icm === null) return answerOf(grading({ embryoId, status: "rejected" }), null, REAL);
      const pregnancy = rawScore === null ? null : ({ rawScore, ageYears: 34, focus: "icm" } as const);
      const serving = isCalibrated ? calibrated() : REAL;
      return answerOf(grading({ embryoId, status: "graded" }), record(icm, icm, { embryoId, pregnancy }), serving);
    }),
  );
  const probability = (answer: GradingAnswer) => answer.pregnancy?.probability ?? null;
  const quality = ({ icm }: GradingAnswer) => 2 * icm!.probabilities.A + icm!.probabilities.B;

  it("goes by the probability, then by the raw score, then by the expected grade, then by the embryo's id", () => {
    fc.assert(
      fc.property(anyCohort, (cohort) => {
        const withProbability = rankCohort(cohort).filter((answer) => probability(answer) !== null);

        const keys = withProbability.map((answer) => [
          -probability(answer)!,
          -answer.pregnancy!.rawScore,
          -quality(answer),
          Number(answer.embryoId!.slice(2)),
        ]);
        expect(keys).toEqual([...keys].sort(inOrder));
      }),
    );
  });

  it("puts those without a probability behind, by their expected grade, and those without grades last and unranked", () => {
    fc.assert(
      fc.property(anyCohort, (cohort) => {
        const ranked = rankCohort(cohort);

        const kinds = ranked.map((answer) => (answer.icm === null ? 2 : probability(answer) === null ? 1 : 0));
        expect(kinds).toEqual([...kinds].sort());
        const behind = ranked.filter((_, place) => kinds[place] === 1).map((answer) => -quality(answer));
        expect(behind).toEqual([...behind].sort((a, b) => a - b));
        expect(ranked.map(({ rank }) => rank)).toEqual(
          ranked.map(({ icm }, place) => (icm === null ? null : place + 1)),
        );
      }),
    );
  });

  it("gives the same order whatever the order of the answers, and loses none", () => {
    fc.assert(
      fc.property(anyCohort, fc.infiniteStream(fc.nat()), (cohort, keys) => {
        const shuffled = cohort
          .map((answer) => ({ answer, key: keys.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ answer }) => answer);

        expect(rankCohort(shuffled)).toEqual(rankCohort(cohort));
      }),
    );
  });

  function inOrder(a: readonly number[], b: readonly number[]): number {
    const place = a.findIndex((value, n) => value !== b[n]);
    return place < 0 ? 0 : a[place]! - b[place]!;
  }
});
