import { type Logger, pino } from "pino";

/** Logs as JSON lines on standard error: standard output is a command's result. */
export function standardErrorLogger(level: string): Logger {
  return pino({ level }, pino.destination({ dest: 2, sync: true }));
}
