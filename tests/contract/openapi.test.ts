import { z } from "@hono/zod-openapi";
import { beforeEach, describe, expect, it } from "vitest";
import { objectKeys } from "../../core/stations/keys.ts";
import { type Api, openApi, rejection } from "../builders/api.ts";
import { aGrading } from "./builders.ts";

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: JsonSchema }[];
  readonly requestBody?: { content: Record<string, { schema: JsonSchema }> };
  readonly responses: Record<string, { description?: string; content?: Record<string, { schema: JsonSchema }> }>;
}

interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { title: string; version: string };
  readonly paths: Record<string, Record<string, Operation>>;
}

/** Every operation, and requests that get each of its answers. */
const REQUESTS: readonly [method: string, path: string, request: string, status: number, body?: string][] = [
  ["post", "/v1/uploads", "/v1/uploads", 201],
  ["post", "/v1/uploads", "/v1/uploads", 201, '{"kind":"time-lapse","ageYears":34}'],
  ["post", "/v1/uploads", "/v1/uploads", 201, '{"kind":"still","embryoId":"E 17","cycleId":"C 4","ageYears":34}'],
  ["post", "/v1/uploads", "/v1/uploads", 400, "{"],
  ["post", "/v1/uploads", "/v1/uploads", 422, '{"ageYears":7}'],
  ["get", "/v1/uploads/{uploadId}", "/v1/uploads/waiting", 200],
  ["get", "/v1/uploads/{uploadId}", "/v1/uploads/nothing", 404],
  ["get", "/v1/embryos/{embryoId}", "/v1/embryos/graded", 200],
  ["get", "/v1/embryos/{embryoId}", "/v1/embryos/empty", 200],
  ["get", "/v1/embryos/{embryoId}", "/v1/embryos/nothing", 404],
  ["get", "/v1/embryos/{embryoId}/explanation", "/v1/embryos/graded/explanation", 200],
  ["get", "/v1/embryos/{embryoId}/explanation", "/v1/embryos/empty/explanation", 404],
  ["get", "/v1/embryos", "/v1/embryos", 200],
  ["get", "/v1/embryos", "/v1/embryos?limit=1", 200],
  ["get", "/v1/embryos", "/v1/embryos?limit=0", 422],
  ["get", "/v1/cycles/{cycleId}", "/v1/cycles/cycle", 200],
  ["get", "/v1/cycles/{cycleId}", "/v1/cycles/nothing", 404],
  ["get", "/healthz", "/healthz", 200],
];

describe("the API's own description", () => {
  let api: Api;
  let description: OpenApiDocument;
  let operations: { method: string; path: string; operation: Operation }[];

  beforeEach(async () => {
    api = await openApi();
    description = await (await api.get("/openapi.json")).json();
    operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    );
  });

  it("is of OpenAPI 3.1 and has what it must have", () => {
    expect(description.openapi).toMatch(/^3\.1\.\d+$/);
    expect(description.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    for (const { path, operation } of operations) {
      expect(path).toMatch(/^\//);
      expect(operation.summary, path).toBeTruthy();
      expect(Object.keys(operation.responses).length, path).toBeGreaterThan(0);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[1-5]\d\d$/);
        expect(response.description, `${path} ${status}`).toBeTruthy();
      }
    }
  });

  it("declares each parameter of a path once, and as required", () => {
    for (const { path, operation } of operations) {
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(declared.map(({ name }) => name).sort(), path).toEqual(named.sort());
      for (const { required } of declared) expect(required, path).toBe(true);
    }
  });

  it("holds schemas that can be read, and whose references lead somewhere", () => {
    const schemas = operations.flatMap(({ operation }) => [
      ...(operation.parameters ?? []).map(({ schema }) => schema),
      ...Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => schema),
      ...Object.values(operation.responses).flatMap(({ content = {} }) => Object.values(content).map((c) => c.schema)),
    ]);

    for (const schema of schemas) expect(() => schemaOf(schema)).not.toThrow();
  });

  it("knows the routes that the clinic's software uses", () => {
    const names = operations.map(({ method, path }) => `${method} ${path}`);

    expect(new Set(REQUESTS.map(([method, path]) => `${method} ${path}`))).toEqual(new Set(names));
  });

  it.each(REQUESTS)(
    "tells the truth of %s %s: %s answers %i by its schema",
    async (method, path, request, status, body) => {
      const pregnancy = { rawScore: 0.5, ageYears: 34, focus: "te" } as const;
      await api.graded({ embryoId: "graded", gradingId: "first", cycleId: "cycle", pregnancy });
      await api.ports.objects.write(objectKeys.explanation("north", "first"), new Uint8Array([1]));
      await api.ports.gradings.create(aGrading({ gradingId: "waiting" }));
      await api.ports.gradings.create(
        aGrading({ gradingId: "bad", embryoId: "empty", cycleId: "cycle", status: "rejected", rejection }),
      );

      const json = { headers: { "Content-Type": "application/json" }, body: body ?? null };
      const response = await api.app.request(request, { method, ...(body !== undefined && json) });

      expect(response.status).toBe(status);
      const type = response.headers.get("Content-Type")?.split(";")[0] ?? "";
      const described = description.paths[path]?.[method]?.responses[status]?.content?.[type];
      expect(described, `${status} ${type}`).toBeDefined();
      const answer = type.startsWith("image/") ? await response.text() : await response.json();
      expect(schemaOf(described!.schema).safeParse(answer).error).toBeUndefined();
    },
  );

  it.each([
    [{}, true],
    [{ kind: "time-lapse", ageYears: 34 }, true],
    [{ kind: "still", embryoId: "E 17", cycleId: "C 4", ageYears: 34 }, true],
    [{ kind: "still" }, false],
    [{ embryoId: "E 17" }, false],
    [{ kind: "still", embryoId: "E 17", ageYears: 56 }, false],
    [{ kind: "film" }, false],
  ])("says which uploads can be asked for: %j, %s", (body, isTaken) => {
    const { schema } = description.paths["/v1/uploads"]!.post!.requestBody!.content["application/json"]!;

    expect(schemaOf(schema).safeParse(body).success).toBe(isTaken);
  });

  it("can be read on a page that loads nothing from elsewhere", async () => {
    const page = await (await api.get("/docs")).text();

    const loaded = [...page.matchAll(/(?:src|href|url)\s*[=:]\s*"([^"]*)"/g)].map(([, address]) => address);
    expect(loaded).toContain("openapi.json");
    // Nor from outside the folder it is read in: behind a gateway the app has a name before it.
    for (const address of loaded) expect(address).toMatch(/^[a-z][a-z0-9./-]*$/);
  });

  /** A schema of the description, with what it refers to. */
  function schemaOf(schema: JsonSchema): z.ZodType {
    const { components = {} } = description as { components?: object };
    return z.fromJSONSchema({ ...(schema as object), components } as JsonSchema);
  }
});
