import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { isBlastogradeError } from "../../core/errors.ts";

/** The status of each error that an invocation can end with; any other is a 500. */
const STATUS_OF_CODE: Readonly<Record<string, ContentfulStatusCode>> = {
  CLIP_INVALID: 400,
  NOT_FOUND: 404,
  CLIP_OF_OTHER_CROPPER: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  STILLS_NOT_OFFERED: 422,
  MODEL_UNAVAILABLE: 503,
};

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Seconds after which a refused clip may be sent again: about one clip's time. */
const RETRY_AFTER = "2";

/** Body of an RFC 9457 answer, with our stable code and whether sending the same clip again can help. */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retryable: boolean;
}

/** Answers an error as `application/problem+json`; one that is not ours says nothing of its inside. */
export function answerError(context: Context, error: unknown): Response {
  if (isBlastogradeError(error)) return answerProblem(context, error.code, error.message, error.retryable);
  return answerProblem(context, "INTERNAL", "The model server met an error it does not know.", false);
}

export function answerProblem(context: Context, code: string, detail: string, retryable: boolean): Response {
  const status = STATUS_OF_CODE[code] ?? 500;
  const problem: Problem = { type: "about:blank", title: TITLES[status] ?? "Error", status, detail, code, retryable };
  if (status === 503) context.header("Retry-After", RETRY_AFTER);
  return context.body(JSON.stringify(problem), status, { "Content-Type": "application/problem+json" });
}
