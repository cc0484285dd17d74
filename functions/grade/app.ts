import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { GradingAnswer } from "../../core/contracts/grading.ts";
import { Cohort, EmbryoPage, Problem, UploadRequest, UploadTicket } from "../../core/contracts/http.ts";
import { STILL_BYTES_AT_MOST } from "../../core/contracts/still.ts";
import type { Clock, IdSource, ObjectStore, UploadForms } from "../../core/ports.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { newGrading } from "../../core/stations/new-grading.ts";
import { serveExplanation } from "./explanation.ts";
import { docsPage, gradingsPage } from "./page.ts";
import { problem, problemOfError } from "./problems.ts";
import {
  answersOfEmbryos,
  answerWithRecord,
  rankedCycle,
  type ShownPorts,
  shownGrading,
  withRanks,
} from "./shown-gradings.ts";

/** What the API works on; the same in every wiring. */
export interface AppPorts extends ShownPorts {
  readonly objects: ObjectStore;
  readonly uploadForms: UploadForms;
  readonly ids: IdSource;
  readonly clock: Clock;
  /**
   * The clinic a request speaks for. Everything below sees that clinic's embryos and no others'. `environment` is what the
   * wiring gives the app beside the request, such as the gateway's event.
   *
   * @throws CallerUnknown
   */
  readonly tenantOf: (request: Request, environment: unknown) => Promise<{ clinicId: string }>;
  /** A file of the API's documentation viewer; null when there is none of this name. */
  readonly docsAsset: (name: string) => Promise<Uint8Array | null>;
  /** Records an error that is ours to mend. */
  readonly report: (error: Error) => void;
}

// A hundred days of eleven planes every ten minutes is past any archive. It bounds one post: within its hour a form can be
// posted again, and each post is kept.
const BYTES = {
  "time-lapse": { min: 0, max: 20 * 1024 ** 3 },
  still: { min: 0, max: STILL_BYTES_AT_MOST },
};
const PAGE_SIZE = 50;
const EMBRYOS_ON_THE_PAGE = 1000;
// The longest embryo id, each of its characters as three percent-encoded bytes.
const CURSOR_LENGTH = 128 * 9;

const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  content: { "application/json": { schema } },
  description,
});
const problemAnswer = (description: string) => ({
  content: { "application/problem+json": { schema: Problem } },
  description,
});

const createUpload = createRoute({
  method: "post",
  path: "/v1/uploads",
  summary: "Ask for a form to upload one embryo's archive, or one still of it, with",
  request: { body: { content: { "application/json": { schema: UploadRequest } }, required: false } },
  responses: {
    201: json(UploadTicket, "Post the fields and then the file to the url"),
    400: problemAnswer("The body is not JSON"),
    415: problemAnswer("The body is not called JSON"),
    422: problemAnswer("Refused"),
  },
});
const showUpload = createRoute({
  method: "get",
  path: "/v1/uploads/{uploadId}",
  summary: "What became of an upload",
  request: { params: z.object({ uploadId: z.string() }) },
  responses: { 200: json(GradingAnswer, "Its grading"), 404: problemAnswer("No such upload") },
});
const showEmbryo = createRoute({
  method: "get",
  path: "/v1/embryos/{embryoId}",
  summary: "An embryo's newest grades",
  request: { params: z.object({ embryoId: z.string() }) },
  responses: { 200: json(GradingAnswer, "Its newest record or grading"), 404: problemAnswer("No such embryo") },
});
const listEmbryos = createRoute({
  method: "get",
  path: "/v1/embryos",
  summary: "A clinic's embryos, page by page",
  request: {
    query: z.object({
      cursor: z.string().max(CURSOR_LENGTH).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(PAGE_SIZE),
    }),
  },
  responses: { 200: json(EmbryoPage, "In the order of their ids"), 422: problemAnswer("Refused") },
});
const showCycle = createRoute({
  method: "get",
  path: "/v1/cycles/{cycleId}",
  summary: "The embryos of one cycle, ranked",
  request: { params: z.object({ cycleId: z.string() }) },
  responses: { 200: json(Cohort, "Best first"), 404: problemAnswer("No such cycle") },
});
const health = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Whether the API answers",
  responses: { 200: json(z.object({ status: z.literal("ok") }), "It does") },
});

/**
 * The HTTP API of both wirings: uploads, gradings, cohorts, OpenAPI, and the page.
 *
 * @example
 * const app = createApp(ports);
 * await app.request("/v1/uploads", { method: "POST" });
 */
export function createApp(ports: AppPorts): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result, c) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      return problem(c, "REQUEST_INVALID", `${issue?.path.join(".") || "The request"}: ${issue?.message}`);
    },
  });
  app.onError((error, c) => problemOfError(c, error, ports.report));
  app.notFound((c) => problem(c, "NOT_FOUND", "There is nothing here; see /docs for what there is."));

  const clinicOf = async (c: Context) => (await ports.tenantOf(c.req.raw, c.env)).clinicId;

  app.openapi(createUpload, async (c) => {
    const clinicId = await clinicOf(c);
    // An empty body never reaches the schema, whose defaults are what it means.
    const asked = UploadRequest.parse(c.req.valid("json") ?? {});
    const gradingId = ports.ids.next();
    const upload = {
      gradingId,
      clinicId,
      ageYears: asked.ageYears ?? null,
      receivedAt: ports.clock.now().toISOString(),
    };
    const still = asked.kind === "still" && { still: { embryoId: asked.embryoId, cycleId: asked.cycleId ?? null } };
    await ports.gradings.create(newGrading({ ...upload, ...still }));
    const form = await ports.uploadForms.presign(objectKeys.upload(clinicId, gradingId), BYTES[asked.kind]);
    return c.json({ uploadId: gradingId, gradingId, ...form }, 201);
  });

  app.openapi(showUpload, async (c) => {
    const grading = await ports.gradings.find(c.req.valid("param").uploadId);
    if (grading === null || grading.clinicId !== (await clinicOf(c))) {
      return problem(c, "UPLOAD_UNKNOWN", "Your clinic has no upload of this id.") as never;
    }
    return c.json(await answerWithRecord(grading, ports), 200);
  });

  app.get("/v1/uploads/:uploadId/preview", async (c) => {
    const gradingId = c.req.param("uploadId");
    const clinicId = await clinicOf(c);
    const grading = await ports.gradings.find(gradingId);
    const key = objectKeys.preview(clinicId, gradingId);
    if (grading?.clinicId !== clinicId || (await ports.objects.head(key)) === null) {
      return problem(c, "PREVIEW_UNKNOWN", "Your clinic has no preview of this id; rejected uploads may have none.");
    }
    const bytes = await ports.objects.read(key);
    return c.body(bytes as Uint8Array<ArrayBuffer>, 200, { "Content-Type": "image/webp" });
  });

  app.openapi(showEmbryo, async (c) => {
    const clinicId = await clinicOf(c);
    const grading = await shownGrading(clinicId, c.req.valid("param").embryoId, ports);
    if (grading === null) return problem(c, "EMBRYO_UNKNOWN", "Your clinic has no embryo of this id.") as never;
    return c.json(await answerWithRecord(grading, ports), 200);
  });

  serveExplanation(app, ports, clinicOf);

  app.openapi(listEmbryos, async (c) => {
    const clinicId = await clinicOf(c);
    const { cursor, limit } = c.req.valid("query");
    const after = cursor === undefined ? {} : { after: decodeCursor(cursor) };
    const found = await ports.gradings.listByEmbryo(clinicId, { ...after, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1)?.embryoId;
    const nextCursor = found.length > limit && last ? encodeCursor(last) : null;
    const answers = await answersOfEmbryos(clinicId, page, ports);
    return c.json({ embryos: await withRanks(clinicId, answers, ports), nextCursor }, 200);
  });

  app.openapi(showCycle, async (c) => {
    const clinicId = await clinicOf(c);
    const { cycleId } = c.req.valid("param");
    const embryos = await rankedCycle(clinicId, cycleId, ports);
    if (embryos.length === 0) return problem(c, "CYCLE_UNKNOWN", "Your clinic has no cycle of this id.") as never;
    return c.json({ cycleId, embryos }, 200);
  });

  app.openapi(health, (c) => c.json({ status: "ok" as const }, 200));
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Blastograde", version: "1", description: "Grades of human blastocysts from time-lapse images." },
  });
  app.get("/docs", (c) => c.html(docsPage(ports)));
  app.get("/docs/:asset", async (c) => {
    const asset = c.req.param("asset");
    const bytes = await ports.docsAsset(asset);
    if (bytes === null) return problem(c, "NOT_FOUND", "There is no such file.");
    const type = asset.endsWith(".css") ? "text/css" : "text/javascript";
    return c.body(bytes as Uint8Array<ArrayBuffer>, 200, { "Content-Type": type });
  });
  app.get("/", async (c) => {
    const clinicId = await clinicOf(c);
    const found = await ports.gradings.listByEmbryo(clinicId, { limit: EMBRYOS_ON_THE_PAGE + 1 });
    const answers = await answersOfEmbryos(clinicId, found.slice(0, EMBRYOS_ON_THE_PAGE), ports);
    const hasMore = found.length > EMBRYOS_ON_THE_PAGE;
    return c.html(gradingsPage(clinicId, answers, { demo: ports.demo, hasMore }));
  });
  return app;
}

const encodeCursor = (embryoId: string) => encodeURIComponent(embryoId);

function decodeCursor(cursor: string): string {
  try {
    return decodeURIComponent(cursor);
  } catch {
    return cursor;
  }
}
