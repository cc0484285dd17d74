import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectGrades,
  expectRejection,
  expectStillGrading,
  type LocalClinic,
  openLocalClinic,
} from "../builders/local-clinic.ts";
import { phantomArchive } from "../builders/phantom-archive.ts";

const FROM_90_TO_119 = Array.from({ length: 30 }, (_, hour) => 90 + hour);

describe("what an archive shows", () => {
  let clinic: LocalClinic;

  beforeAll(async () => {
    clinic = await openLocalClinic();
  });
  afterAll(() => clinic.close());

  it("rejects an empty well and goes on grading", async () => {
    const emptyWell = await phantomArchive({ kind: "empty" });

    const answer = await clinic.upload(emptyWell);

    expectRejection(answer, "EMPTY_WELL");
    await expectStillGrading(clinic);
  });

  it.each([3, 8, 9])("withholds grades from arrested embryo %i, and goes on grading", async (seed) => {
    const arrested = await phantomArchive({ kind: "arrested", seed });

    const answer = await clinic.upload(arrested);

    expectRejection(answer, "NO_BLASTOCYST");
    await expectStillGrading(clinic);
  });

  it("withholds grades from an embryo that is still a morula when the archive ends", async () => {
    const early = await phantomArchive({ capturedHpi: [90, 91, 92, 93, 94, 95] });

    const answer = await clinic.upload(early);

    expectRejection(answer, "NO_BLASTOCYST");
  });

  it.each([3, 8, 9])("does not take blastocyst %i for an arrested embryo", async (seed) => {
    const blastocyst = await phantomArchive({ seed });

    const answer = await clinic.upload(blastocyst);

    expectGrades(answer, "SHORT_SEQUENCE");
  });

  it("grades fewer than 30 frames, and says how many", async () => {
    const short = await phantomArchive({ capturedHpi: Array.from({ length: 23 }, (_, hour) => 95 + hour) });

    const answer = await clinic.upload(short);

    expectGrades(answer, "FEWER_FRAMES");
    expect(answer.sequence?.framesUsed).toBeGreaterThanOrEqual(20);
    expect(answer.warnings[0]?.detail).toContain(`on ${answer.sequence?.framesUsed} hourly frames`);
  });

  it("grades fewer than 20 frames, and says not to rely on it", async () => {
    const short = await phantomArchive({ capturedHpi: [92, 93, 94, 116, 117] });

    const answer = await clinic.upload(short);

    expectGrades(answer, "SHORT_SEQUENCE");
    expect(answer.warnings[0]?.detail).toContain(`on ${answer.sequence?.framesUsed} hourly frames`);
    expect(answer.warnings[0]?.detail).toContain("Do not rely on these grades");
  });

  it("grades one frame, and says so", async () => {
    const single = await phantomArchive({ capturedHpi: [117] });

    const answer = await clinic.upload(single);

    expectGrades(answer, "SINGLE_FRAME");
    expect(answer.sequence).toMatchObject({ framesUsed: 1, firstHpi: 117, tMebHpi: 117 });
  });

  it("takes one capture an hour up to tMEB and at most 30, whatever came before 90 hpi", async () => {
    const dense = await phantomArchive({ capturedHpi: [85, ...FROM_90_TO_119, 90.4, 101.4].sort((a, b) => a - b) });

    const answer = await clinic.upload(dense);

    expect(answer.status).toBe("graded");
    const { framesUsed, firstHpi, tMebHpi } = answer.sequence!;
    expect(firstHpi).toBe(90);
    expect(framesUsed).toBe(tMebHpi! - firstHpi! + 1);
    expect(framesUsed).toBeGreaterThan(20);
  });
});
