import { Problem } from "../contracts/http.ts";
import type { InferenceNotification } from "../contracts/messages.ts";

type FailedInference = Extract<InferenceNotification, { invocationStatus: "Failed" }>;

/** Why the model gave no answer, and whether it may give one at another time. */
export interface ModelRefusal {
  readonly code: string;
  readonly message: string;
  /** The clip is not at fault: another model serves by now, or the container was ending. */
  readonly passing: boolean;
}

/**
 * Codes that say nothing of the clip itself, though the container calls them final: another model serves by now, a GPU is out of
 * memory or order, the server met an error it does not know. Another container may answer.
 */
const OF_THE_MOMENT = ["CLIP_OF_OTHER_CROPPER", "MODEL_FAILED", "INTERNAL"];

/**
 * Reads a failure's reason: the container's own code and sentence where the notification holds the problem that it answered.
 * SageMaker's own reason names no more than the status, so that its endpoint sends the answer along; the local wiring passes it
 * on as the reason. Any other reason (a container that died, an endpoint's time limit, a request that expired) is the endpoint's
 * and not the clip's.
 */
export function modelRefusal({ failureReason, responseBody }: FailedInference): ModelRefusal {
  const answered = responseBody && parsed(decoded(responseBody.content));
  const problem = Problem.safeParse(answered ?? jsonWithin(failureReason));
  if (problem.success) {
    const { code, detail, retryable } = problem.data;
    return { code, message: detail, passing: retryable || OF_THE_MOMENT.includes(code) };
  }
  // Without SageMaker's own words, which name accounts and logs: a clinic may come to read this.
  return { code: "MODEL_FAILED", message: "The model's endpoint failed before it could answer.", passing: true };
}

/** The text that is written in base64; any other text as it is. */
function decoded(content: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(content), (character) => character.charCodeAt(0)));
  } catch {
    return content;
  }
}

/** @returns undefined where there is none */
function jsonWithin(text: string): unknown {
  const braces = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);
  // SageMaker quotes the container's body within a sentence of its own, where its quotation marks may come escaped.
  return parsed(braces) ?? parsed(braces.replaceAll('\\"', '"'));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
