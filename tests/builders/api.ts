import { join } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { expect, onTestFinished } from "vitest";
import { openFolderObjectStore } from "../../adapters/local/folder-object-store.ts";
import { openSqliteDatabase } from "../../adapters/local/sqlite-database.ts";
import { openSqliteGradingStore } from "../../adapters/local/sqlite-grading-store.ts";
import { openSqliteRecordStore } from "../../adapters/local/sqlite-record-store.ts";
import { openUploadForms } from "../../adapters/local/upload-form.ts";
import type { GradingRecord } from "../../core/contracts/grading.ts";
import { Problem } from "../../core/contracts/http.ts";
import { type AppPorts, createApp } from "../../functions/grade/app.ts";
import { aGrading, aRecord, StandingClock, temporaryFolder } from "../contract/builders.ts";

export interface Api {
  readonly app: OpenAPIHono;
  readonly ports: AppPorts;
  /** What was reported as ours to mend. */
  readonly reported: Error[];
  get(path: string, clinicId?: string): Promise<Response>;
  ask(body?: unknown, clinicId?: string): Promise<Response>;
  /** An embryo of a clinic with a record. */
  graded(fields: Partial<GradingRecord> & { embryoId: string }): Promise<void>;
}

/** The API over real stores; the clinic is whatever the request's header says. */
export async function openApi(change: Partial<AppPorts> = {}): Promise<Api> {
  const folder = await temporaryFolder();
  const clock = new StandingClock();
  const database = openSqliteDatabase({ file: join(folder, "blastograde.sqlite") });
  onTestFinished(() => database.close());
  const reported: Error[] = [];
  let minted = 0;
  const ports: AppPorts = {
    objects: await openFolderObjectStore({ root: join(folder, "objects") }),
    gradings: openSqliteGradingStore({ database }),
    records: openSqliteRecordStore({ database }),
    uploadForms: openUploadForms({
      baseUrl: () => "http://north.example",
      secret: new Uint8Array(32).fill(7),
      clock,
      lifetimeSeconds: 900,
    }),
    ids: { next: () => `minted-${++minted}` },
    clock,
    tenantOf: async (request) => ({ clinicId: request.headers.get("X-Clinic") ?? "north" }),
    docsAsset: async (name) => (name === "a.css" ? new Uint8Array() : null),
    demo: false,
    calibratorOf: async () => null,
    report: (error) => reported.push(error),
    ...change,
  };
  const app = createApp(ports);
  const send = async (path: string, clinicId: string, init: RequestInit = {}) =>
    app.request(path, { ...init, headers: { ...init.headers, "X-Clinic": clinicId } });
  return {
    app,
    ports,
    reported,
    get: (path, clinicId = "north") => send(path, clinicId),
    ask: (body, clinicId = "north") =>
      send("/v1/uploads", clinicId, {
        method: "POST",
        ...(body !== undefined && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
      }),
    async graded(fields) {
      const { record } = await ports.records.putOnce(
        aRecord({ cycleId: null, gradingId: `graded-${++minted}`, ...fields }),
      );
      const { gradingId, clinicId, embryoId, archiveDigest, ageYears, modelSha256, cycleId } = record;
      const recordKey = { clinicId, embryoId, archiveDigest, ageYears, modelSha256 };
      await ports.gradings.create(
        aGrading({ gradingId, clinicId, status: "graded", embryoId, cycleId, archiveDigest, recordKey }),
      );
    },
  };
}

/** Why an upload of the tests has no grades. */
export const rejection = { code: "EMPTY_WELL", detail: "The well looks empty. Check it." };

/** RFC 9457 problem details with this status and code, and a sentence. */
export async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get("Content-Type")).toMatch(/^application\/problem\+json/);
  const problem = Problem.parse(await response.json());
  expect(problem).toMatchObject({ status, code });
  expect(problem.type).toMatch(/^urn:blastograde:problem:[a-z-]+$/);
  expect(problem.detail).toMatch(/^\S+( \S+){2,}$/);
}
