import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { errorAt, isBlastogradeError } from "../../core/errors.ts";
import { SourceInvalid } from "./embryo-source.ts";

export interface CsvRow {
  /** As an editor counts it, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvTable {
  readonly header: readonly string[];
  readonly rows: readonly { readonly line: number; readonly cells: Readonly<Record<string, string>> }[];
}

/**
 * Splits CSV as spreadsheets write it: quoted cells, CRLF, a byte order mark, blank lines. Cells are trimmed. As in RFC
 * 4180 a quote opens a cell at its beginning only: `5" thick` is what it says.
 *
 * @param delimiter one character
 * @throws SourceInvalid for a quote that nothing closes, which would swallow the rows after it
 */
export function parseCsv(text: string, delimiter = ","): CsvRow[] {
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let cell = "";
  let state: "bare" | "quoted" | "closed" = "bare";
  let line = 1;
  let startLine = 1;
  let quoteLine = 1;
  const endCell = () => {
    cells.push(cell.trim());
    cell = "";
    state = "bare";
  };
  const endRow = () => {
    endCell();
    if (cells.some((content) => content !== "")) rows.push({ line: startLine, cells });
    cells = [];
    startLine = line;
  };
  const characters = text.replace(/^\uFEFF/, "");
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "\n") line++;
    if (state === "quoted") {
      if (character !== '"') cell += character;
      else if (characters[at + 1] === '"') {
        cell += '"';
        at++;
      } else state = "closed";
    } else if (character === delimiter) endCell();
    else if (character === "\n") endRow();
    else if (character === '"' && state === "bare" && cell.trim() === "") {
      state = "quoted";
      quoteLine = line;
      // Text after the closing quote: that quote was meant to open another cell, and rows lie between the two.
    } else if (state === "closed" && character.trim() !== "") throw unclosed(quoteLine);
    else cell += character;
  }
  if (state === "quoted") throw unclosed(quoteLine);
  endRow();
  return rows;
}

function unclosed(line: number): SourceInvalid {
  return new SourceInvalid(
    `line ${line}: a cell begins with a quote (") and does not end with one. Close it; write a quote in a quoted cell twice.`,
  );
}

/**
 * Reads a CSV file with a header; cells by their column's name, a missing cell is empty.
 *
 * @throws SourceInvalid, which names the file and the line; what reading throws
 */
export async function readTable(file: string, delimiter = ","): Promise<CsvTable> {
  const [first, ...rows] = rowsOf(file, await readFile(file, "utf8"), delimiter);
  const header = first?.cells ?? [];
  return {
    header,
    rows: rows.map(({ line, cells }) => ({
      line,
      cells: Object.fromEntries(header.map((name, column) => [name, cells[column] ?? ""])),
    })),
  };
}

/** @throws SourceInvalid */
function rowsOf(file: string, text: string, delimiter: string): CsvRow[] {
  try {
    return parseCsv(text, delimiter);
  } catch (error) {
    throw isBlastogradeError(error) ? errorAt(basename(file), error) : error;
  }
}

/** One line of CSV with its line break; cells are quoted where they have to be. */
export function csvLine(cells: readonly (string | number)[]): string {
  const written = cells.map((cell) => {
    const text = String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${written.join(",")}\n`;
}
