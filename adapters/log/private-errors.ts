import { isBlastogradeError } from "../../core/errors.ts";

/** What is logged of an error. */
export interface LoggedError {
  readonly name: string;
  readonly code?: string;
  readonly message?: string;
  /** Where it was thrown: the stack without its first lines, which repeat the message. */
  readonly frames: readonly string[];
  readonly cause?: LoggedError;
}

/**
 * An error without what it may say of people. A sentence about an upload can quote a file or an embryo by the clinic's own name,
 * and a parser's error quotes what it read; so only failures of services keep their message. The whole sentence is where the
 * clinic reads it: in the grading, or in the dead letter.
 */
export function withoutPersonalData(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const ofService = isBlastogradeError(error) && error.retryable;
  return {
    name: error.name,
    ...(isBlastogradeError(error) && { code: error.code }),
    ...(ofService && { message: error.message }),
    frames: frames.map((frame) => frame.trim()).slice(0, 10),
    ...(error.cause !== undefined && { cause: withoutPersonalData(error.cause) }),
  };
}
