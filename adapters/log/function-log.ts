import { type Logger, pino } from "pino";
import type { GradingMoved } from "../../core/stations/watched-gradings.ts";
import { metricLine } from "./embedded-metrics.ts";
import { withoutPersonalData } from "./private-errors.ts";

export interface FunctionLogOptions {
  /** Of the deployed function. */
  readonly name: string;
  readonly stage: string;
  readonly level: string;
  /** Takes one line without its end. @default standard output, which a function's platform collects */
  readonly write?: (line: string) => void;
}

/** What a deployed function says while it works: JSON lines, some of which CloudWatch counts. */
export interface FunctionLog {
  readonly logger: Logger;
  /** Logs a grading's move and counts it where it has ended with grades or a rejection; forms that expired are no rejections. */
  moved(moved: GradingMoved): void;
  count(name: "Uploads"): void;
  gauge(name: "OldestUnfinishedSeconds", seconds: number): void;
}

const NAMESPACE = "Blastograde";
/** A form that nobody used is no embryo that got no grades: pages ask for more of them than they need. */
const NEVER_UPLOADED = "UPLOAD_EXPIRED";

/**
 * Opens the log of a deployed function. Neither an embryo's name nor a woman's age is ever in it.
 *
 * @example
 * const log = openFunctionLog({ name: "ingest", stage: "demo", level: "info" });
 * log.logger.info({ gradingId }, "ingested");
 */
export function openFunctionLog({ name, stage, level, write = writeLine }: FunctionLogOptions): FunctionLog {
  const logger = pino(
    {
      level,
      base: { function: name, stage },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: withoutPersonalData },
    },
    { write: (line: string) => write(line.trimEnd()) },
  );
  const measure = (metric: string, unit: "Count" | "Seconds", value: number) =>
    write(
      metricLine({
        namespace: NAMESPACE,
        dimensions: { Stage: stage },
        metrics: [{ name: metric, unit, value }],
        timestamp: new Date(),
      }),
    );
  return {
    logger,
    moved(moved) {
      logger.info(moved, "a grading moved");
      if (moved.status === "graded") measure("Gradings", "Count", 1);
      // Not by code: each would be one more metric to pay for, and the line above has it for whoever asks the logs.
      if (moved.status === "rejected" && moved.code !== NEVER_UPLOADED) measure("Rejections", "Count", 1);
    },
    count: (metric) => measure(metric, "Count", 1),
    gauge: (metric, seconds) => measure(metric, "Seconds", seconds),
  };
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
