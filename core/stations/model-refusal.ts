import { Problem } from "../contracts/http.ts";

/** Why the model gave no answer, and whether it may give one at another time. */
export interface ModelRefusal {
  readonly code: string;
  readonly message: string;
  /** The clip is not at fault: another model serves by now, or the container was ending. */
  readonly passing: boolean;
}

/** Codes that say nothing of the clip itself, though the container would answer the same request the same way. */
const OF_THE_MOMENT = ["CLIP_OF_OTHER_CROPPER"];

/**
 * Reads a failure's reason: the container's own code and sentence where it holds the problem that it answered, as SageMaker
 * and the local wiring pass it on. Any other reason (a container that died, an endpoint's time limit, a request that expired) is
 * the endpoint's and not the clip's.
 */
export function modelRefusal(failureReason: string): ModelRefusal {
  const problem = Problem.safeParse(jsonWithin(failureReason));
  if (problem.success) {
    const { code, detail, retryable } = problem.data;
    return { code, message: detail, passing: retryable || OF_THE_MOMENT.includes(code) };
  }
  return { code: "MODEL_FAILED", message: `The model gave no answer to this clip: ${failureReason}`, passing: true };
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
