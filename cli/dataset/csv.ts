import { readFile } from "node:fs/promises";

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
 * Splits CSV as spreadsheets write it: quoted cells, CRLF, a byte order mark, blank lines. Cells are trimmed.
 *
 * @param delimiter one character
 */
export function parseCsv(text: string, delimiter = ","): CsvRow[] {
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let cell = "";
  let quoted = false;
  let line = 1;
  let startLine = 1;
  const endRow = () => {
    cells.push(cell.trim());
    if (cells.some((content) => content !== "")) rows.push({ line: startLine, cells });
    cells = [];
    cell = "";
    startLine = line;
  };
  const characters = text.replace(/^\uFEFF/, "");
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "\n") line++;
    if (character === '"' && quoted && characters[at + 1] === '"') {
      cell += '"';
      at++;
    } else if (character === '"') quoted = !quoted;
    else if (!quoted && character === delimiter) {
      cells.push(cell.trim());
      cell = "";
    } else if (!quoted && character === "\n") endRow();
    else cell += character;
  }
  endRow();
  return rows;
}

/** Reads a CSV file with a header; cells by their column's name, a missing cell is empty. @throws what reading throws */
export async function readTable(file: string, delimiter = ","): Promise<CsvTable> {
  const [first, ...rows] = parseCsv(await readFile(file, "utf8"), delimiter);
  const header = first?.cells ?? [];
  return {
    header,
    rows: rows.map(({ line, cells }) => ({
      line,
      cells: Object.fromEntries(header.map((name, column) => [name, cells[column] ?? ""])),
    })),
  };
}

/** One line of CSV with its line break; cells are quoted where they have to be. */
export function csvLine(cells: readonly (string | number)[]): string {
  const written = cells.map((cell) => {
    const text = String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${written.join(",")}\n`;
}
