import { Problem } from "../contracts/http.ts";

/**
 * Why the model gave no answer, as a rejection says it: with the container's own code and sentence where the reason holds the
 * problem that it answered, as SageMaker and the local wiring pass it on; else as `MODEL_FAILED`.
 */
export function modelRefusal(failureReason: string): { readonly code: string; readonly message: string } {
  const problem = Problem.safeParse(jsonWithin(failureReason));
  if (problem.success) return { code: problem.data.code, message: problem.data.detail };
  return { code: "MODEL_FAILED", message: `The model could not grade this clip: ${failureReason}` };
}

/** @returns undefined where there is none */
function jsonWithin(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  } catch {
    return undefined;
  }
}
