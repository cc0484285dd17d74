import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Problem } from "../../core/contracts/http.ts";
import type { ObjectStore } from "../../core/ports.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { problem } from "./problems.ts";
import { type ShownPorts, shownGrading } from "./shown-gradings.ts";

const showExplanation = createRoute({
  method: "get",
  path: "/v1/embryos/{embryoId}/explanation",
  summary: "The picture of what an embryo's pregnancy score rests on",
  request: { params: z.object({ embryoId: z.string() }) },
  responses: {
    200: {
      content: { "image/webp": { schema: { type: "string", contentMediaType: "image/webp" } } },
      description: "In pink where the network looked, the outlines of ICM (yellow) and TE (blue)",
    },
    404: {
      content: { "application/problem+json": { schema: Problem } },
      description: "No such embryo, or none with a pregnancy score",
    },
  },
});

/** Serves the explanation of the record that an embryo is shown by. */
export function serveExplanation(
  app: OpenAPIHono,
  ports: ShownPorts & { readonly objects: ObjectStore },
  clinicOf: (c: Context) => Promise<string>,
): void {
  app.openapi(showExplanation, async (c) => {
    const clinicId = await clinicOf(c);
    const grading = await shownGrading(clinicId, c.req.valid("param").embryoId, ports);
    if (grading === null) return problem(c, "EMBRYO_UNKNOWN", "Your clinic has no embryo of this id.") as never;
    const record = grading.recordKey && (await ports.records.find(grading.recordKey));
    if (!record?.pregnancy) {
      const detail = "This embryo has no pregnancy score to explain; the warnings of its grading say why.";
      return problem(c, "EXPLANATION_UNKNOWN", detail) as never;
    }
    const key = objectKeys.explanation(clinicId, record.gradingId);
    if ((await ports.objects.head(key)) === null) {
      const detail = "The picture of this embryo's score could not be drawn when it was graded; the score stands.";
      return problem(c, "EXPLANATION_UNKNOWN", detail) as never;
    }
    const bytes = await ports.objects.read(key);
    return c.body(bytes as Uint8Array<ArrayBuffer>, 200, { "Content-Type": "image/webp" });
  });
}
