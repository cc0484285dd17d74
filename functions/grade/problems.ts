import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Problem } from "../../core/contracts/http.ts";
import { isBlastogradeError } from "../../core/errors.ts";

/** The HTTP status of each code that reaches a caller; every other code of ours is a 500, or a 503 where retryable. */
const STATUS_OF: Readonly<Record<string, ContentfulStatusCode>> = {
  REQUEST_INVALID: 422,
  BODY_NOT_JSON: 400,
  MEDIA_TYPE_UNSUPPORTED: 415,
  NOT_FOUND: 404,
  UPLOAD_UNKNOWN: 404,
  EMBRYO_UNKNOWN: 404,
  CYCLE_UNKNOWN: 404,
  PREVIEW_UNKNOWN: 404,
  EXPLANATION_UNKNOWN: 404,
  UPLOAD_REFUSED: 403,
  CALLER_UNKNOWN: 403,
  INTERNAL: 500,
};

/** Answers with RFC 9457 problem details. */
export function problem(c: Context, code: string, detail: string, retryable = false): Response {
  const status = STATUS_OF[code] ?? (retryable ? 503 : 500);
  const body: Problem = {
    type: `urn:blastograde:problem:${code.toLowerCase().replaceAll("_", "-")}`,
    title: code.replaceAll("_", " ").toLowerCase(),
    status,
    detail,
    code,
    retryable,
  };
  return c.body(JSON.stringify(body), status, { "Content-Type": "application/problem+json" });
}

/** The problem an error stands for. An error that is not ours is told to nobody but `report`. */
export function problemOfError(c: Context, error: Error, report: (error: Error) => void): Response {
  if (isBlastogradeError(error)) {
    if (!(error.code in STATUS_OF)) report(error);
    return problem(c, error.code, error.message, error.retryable);
  }
  if (error instanceof HTTPException && error.status === 400) {
    return problem(c, "BODY_NOT_JSON", "The body is not JSON. Send application/json.");
  }
  if (error instanceof HTTPException && error.status === 415) {
    return problem(c, "MEDIA_TYPE_UNSUPPORTED", "The body is not called JSON. Send it as application/json, or none.");
  }
  report(error);
  return problem(c, "INTERNAL", "Something went wrong on our side; it was recorded. Try again later.", true);
}
