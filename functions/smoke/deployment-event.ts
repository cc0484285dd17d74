import { z } from "@hono/zod-openapi";

/** What CDK's provider of custom resources asks with. */
export const DeploymentEvent = z.object({
  RequestType: z.enum(["Create", "Update", "Delete"]),
  /** A UUID; the same when the request is repeated. */
  RequestId: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  /** What the start gave back, for the checks. */
  Data: z.object({ FailureKey: z.string() }).optional(),
});

/** What the start gives back. */
export interface Started {
  readonly PhysicalResourceId: string;
  readonly Data?: { readonly FailureKey: string };
}
