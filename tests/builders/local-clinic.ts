import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect } from "vitest";
import { type Send, uploadArchive } from "../../cli/client.ts";
import { openLocalService } from "../../cli/local.ts";
import { GradingAnswer } from "../../core/contracts/grading.ts";
import type { UploadOptions } from "../../core/contracts/http.ts";
import { phantomArchive } from "./phantom-archive.ts";

/** The real service on a folder of its own, and one clinic that talks to it as any client does. */
export interface LocalClinic {
  readonly send: Send;
  /** Uploads an archive or a still and waits for its end. @returns the answer of `GET /v1/uploads/{uploadId}` */
  upload(archive: Blob, options?: UploadOptions): Promise<GradingAnswer>;
  /** Waits until no station has anything left to do. */
  idle(): Promise<void>;
  answerOf(path: string): Promise<GradingAnswer>;
  close(): Promise<void>;
}

/**
 * @example
 * const clinic = await openLocalClinic();
 * const answer = await clinic.upload(await phantomArchive());
 * await clinic.close();
 */
export async function openLocalClinic(modelBundle = "model-container/models/demo"): Promise<LocalClinic> {
  const dataDir = await mkdtemp(join(tmpdir(), "blastograde-e2e-"));
  const service = await openLocalService({
    dataDir,
    clinicId: "north",
    modelBundle,
    modelThreads: 1,
    logger: pino({ level: "silent" }),
  });
  const send: Send = async (path, init) => service.app.request(path, init);
  const answerOf = async (path: string) => {
    const response = await send(path);
    expect(response.status).toBe(200);
    return GradingAnswer.parse(await response.json());
  };
  return {
    send,
    answerOf,
    idle: () => service.idle(),
    async upload(archive, options) {
      const uploadId = await uploadArchive(send, archive, options);
      await service.idle();
      return answerOf(`/v1/uploads/${uploadId}`);
    },
    async close() {
      await service.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** What the clinic has to get for bad input: an end, the code, and a sentence that it can act on, but no grades. */
export function expectRejection(answer: GradingAnswer, code: string): void {
  expect(answer).toMatchObject({ status: "rejected", rejection: { code } });
  expect(answer).toMatchObject({ icm: null, te: null, qualityGroup: null, provenance: null });
  expectSentence(answer.rejection?.detail ?? "");
}

/** What is said of a pregnancy score, or of there being none; it has tests of its own. */
const PREGNANCY_REMARKS = [
  ...["AGE_MISSING", "PREGNANCY_NOT_OFFERED", "PREGNANCY_NOT_CALIBRATED"],
  ...["ICM_NOT_FOUND", "TE_NOT_FOUND", "FOCUS_ELSEWHERE", "FOCUS_NONE"],
];

/** Grades, and exactly these remarks on them. */
export function expectGrades(answer: GradingAnswer, ...warnings: string[]): void {
  expect(answer).toMatchObject({ status: "graded", rejection: null });
  expect(answer.icm).not.toBeNull();
  expect(answer.te).not.toBeNull();
  const codes = answer.warnings.map(({ code }) => code).filter((code) => !PREGNANCY_REMARKS.includes(code));
  expect(codes.sort()).toEqual([...warnings].sort());
  for (const { detail } of answer.warnings) expectSentence(detail);
}

/** Grades of a still, whichever network gives them, and these remarks on the picture at least. */
export function expectStillGrades(answer: GradingAnswer, ...warnings: string[]): void {
  expect(answer).toMatchObject({ status: "graded", rejection: null });
  expect(answer.icm).not.toBeNull();
  expect(answer.te).not.toBeNull();
  expect(answer.sequence).toEqual({
    ...{ kind: "still", framesUsed: 1, firstHpi: null, tMebHpi: null },
    focalPlanesUm: [0, 0, 0],
  });
  const codes = answer.warnings.map(({ code }) => code);
  for (const code of ["SINGLE_PLANE", ...warnings]) expect(codes).toContain(code);
  for (const { detail } of answer.warnings) expectSentence(detail);
}

/** Nothing that came before keeps a good archive from being graded. */
export async function expectStillGrading(clinic: LocalClinic): Promise<void> {
  expectGrades(await clinic.upload(await phantomArchive()), "SHORT_SEQUENCE");
}

function expectSentence(detail: string): void {
  // At least four words to a full stop; a warning may say after it how often it came up.
  expect(detail).toMatch(/^\S+( \S+){3,}\.( \(\d+ times\))?$/);
  expect(detail).not.toMatch(/\[object |Error:/);
}
