import type { CycleOutcome } from "../../core/pregnancy/cross-fitting.ts";
import { readTable } from "../dataset/csv.ts";

/** Names of the columns that are read. */
export interface ScoreColumns {
  readonly score: string;
  readonly outcome: string;
  /** Rows of one value are never split between folds. @default each row by itself */
  readonly cycle?: string;
}

export interface ScoreTable {
  readonly cases: readonly CycleOutcome[];
  /** Rows in which the score or the outcome is not known. */
  readonly unknown: number;
}

const UNKNOWN = new Set(["", "NA", "ND"]);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SHOWN_PROBLEMS = 5;

/**
 * Reads scores and outcomes from a CSV file with a header. Rows in which either is blank, NA or ND are left out and counted.
 *
 * @throws Error which names columns that are missing, or the lines that are wrong, up to five of them
 */
export async function readScoreTable(file: string, columns: ScoreColumns): Promise<ScoreTable> {
  const { header, rows } = await readTable(file).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === "ENOENT" ? `There is no file ${file}.` : `${file} cannot be read: ${error.message}`);
  });
  for (const name of Object.values(columns)) {
    if (!header.includes(name)) throw new Error(`${file} has no column ${name}; it has ${header.join(", ")}.`);
  }
  const cases: CycleOutcome[] = [];
  const problems: string[] = [];
  let unknown = 0;
  for (const { line, cells } of rows) {
    const [score, outcome] = [cells[columns.score]!, cells[columns.outcome]!];
    if (UNKNOWN.has(score.toUpperCase()) || UNKNOWN.has(outcome.toUpperCase())) {
      unknown++;
      continue;
    }
    const cycleId = columns.cycle === undefined ? `line ${line}` : cells[columns.cycle]!;
    if (!NUMBER.test(score)) problems.push(`line ${line}: ${columns.score} is "${score}", which is no number`);
    else if (outcome !== "0" && outcome !== "1") {
      problems.push(`line ${line}: ${columns.outcome} is "${outcome}"; wanted 0 or 1`);
    } else cases.push({ cycleId, score: Number(score), positive: outcome === "1" });
  }
  if (problems.length > 0) {
    const more = problems.length - SHOWN_PROBLEMS;
    throw new Error(
      [...problems.slice(0, SHOWN_PROBLEMS), ...(more > 0 ? [`and ${more} more such lines`] : [])]
        .map((problem) => `${file}, ${problem}`)
        .join("\n"),
    );
  }
  return { cases, unknown };
}
