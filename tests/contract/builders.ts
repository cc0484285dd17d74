import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Grading, GradingRecord } from "../../core/contracts/grading.ts";
import type { Clock } from "../../core/ports.ts";
import { newGrading } from "../../core/stations/new-grading.ts";

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A clock that moves only when a test says so. */
export class StandingClock implements Clock {
  #now = Date.parse("2026-03-01T12:00:00.000Z");
  now(): Date {
    return new Date(this.#now);
  }
  passSeconds(seconds: number): void {
    this.#now += seconds * 1000;
  }
}

/** A digest of its own for every text. */
export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

export function aGrading(fields: Partial<Grading> = {}): Grading {
  const upload = { gradingId: "grading-1", clinicId: "north", ageYears: null, receivedAt: "2026-03-01T12:00:00.000Z" };
  return { ...newGrading(upload), ...fields };
}

export function aRecord(fields: Partial<GradingRecord> = {}): GradingRecord {
  const distribution = { A: 0.25, B: 0.7, C: 0.05 };
  const structure = { grade: "B" as const, probabilities: distribution, scores: distribution };
  return {
    clinicId: "north",
    embryoId: "embryo 1",
    archiveDigest: digestOf("archive"),
    ageYears: 34.5,
    modelSha256: digestOf("model"),
    gradingId: "grading-1",
    cycleId: "cycle 1",
    icm: structure,
    te: structure,
    qualityGroup: "GQB",
    sequence: { kind: "time-lapse", framesUsed: 28, firstHpi: 90.1, tMebHpi: 117.2, focalPlanesUm: [-45, 0, 45] },
    warnings: [],
    pregnancy: null,
    clipSha256: digestOf("clip"),
    model: "demo",
    demo: true,
    gradedAt: "2026-03-01T13:00:00.000Z",
    ...fields,
  };
}

/** All that comes of an iteration, in its order. */
export async function allOf<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of iterable) all.push(each);
  return all;
}
