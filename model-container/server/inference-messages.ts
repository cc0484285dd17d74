import type { Device } from "../../adapters/onnx/network-session.ts";
import type { Clip } from "../../core/contracts/clip.ts";
import {
  type BlastogradeError,
  BundleDamaged,
  isBlastogradeError,
  ModelFailed,
  ModelUnavailable,
  PredictionInvalid,
} from "../../core/errors.ts";
import type { LoadedBundle } from "../bundle/load-bundle.ts";
import type { ClipAnswer } from "./clip-answer.ts";

/** What the worker needs to open its networks. */
export interface InferenceSetup {
  readonly bundle: LoadedBundle;
  readonly threads: number;
  readonly device: Device;
  readonly framesPerBatch: number;
}

export type ToInferenceWorker = { readonly kind: "grade"; readonly clip: Clip } | { readonly kind: "close" };

/** An answer to each `grade`, in its order; before the first, `ready` or `start-failed`. */
export type FromInferenceWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "start-failed"; readonly error: PortableError }
  | { readonly kind: "graded"; readonly answer: ClipAnswer }
  | { readonly kind: "failed"; readonly error: PortableError };

/** An error between threads: structured cloning drops its class and our fields. */
export interface PortableError {
  readonly code: string | null;
  readonly message: string;
  readonly stack: string | undefined;
}

export function portableError(error: unknown): PortableError {
  const { message, stack, cause } = error instanceof Error ? error : new Error(String(error));
  // The cause is ONNX Runtime's own sentence, which is for the log.
  const because = cause instanceof Error ? `\ncaused by ${cause.stack ?? cause.message}` : "";
  return { code: isBlastogradeError(error) ? error.code : null, message, stack: stack && stack + because };
}

/** @returns our error of that code; ModelFailed for an error that is none of ours, since the same clip would fail again */
export function restoreError(error: PortableError): BlastogradeError {
  const restored = ofCode(error);
  if (error.stack !== undefined) restored.stack = error.stack;
  return restored;
}

function ofCode({ code, message }: PortableError): BlastogradeError {
  switch (code) {
    case "BUNDLE_DAMAGED":
      return new BundleDamaged(message);
    case "MODEL_UNAVAILABLE":
      return new ModelUnavailable(message);
    case "PREDICTION_INVALID":
      return new PredictionInvalid(message);
    default:
      return new ModelFailed(message);
  }
}
