import { readFile } from "node:fs/promises";
import { z } from "zod";
import { GRADES, Grade } from "../../../core/contracts/grades.ts";
import { sha256Hex } from "../../../core/sha256.ts";
import { hash } from "../../../phantom/random.ts";
import type { CsvTable } from "../csv.ts";
import { FileUnreadable, type Problem } from "../embryo-source.ts";

/** A cell that says that something is not known: blank, NA, ND, N/A or NaN, in small letters too. */
export const NotKnown = z
  .string()
  .toUpperCase()
  .pipe(z.enum(["", "NA", "ND", "N/A", "NAN"]).transform(() => null));

/** A grade as a letter, a small one too; blank, NA and ND are none. */
export const LetterGrade = z.union([NotKnown, z.string().toUpperCase().pipe(Grade)], "is none of A, B, C and NA");

/** The grades that several annotators gave, as letters in a row, small ones too; blank, NA and ND are no votes. */
export const Votes = z.union(
  [
    NotKnown.transform((): Grade[] => []),
    z
      .string()
      .toUpperCase()
      .transform((letters) => [...letters])
      .pipe(z.array(Grade)),
  ],
  "is no row of the letters A, B and C, such as AABCA, and not NA",
);

/** A grade as a number, 0 = A; 3, blank, NA and ND are none. */
export const NumberedGrade = z.union(
  [
    NotKnown,
    z
      .string()
      .regex(/^[0-3](\.0+)?$/)
      .transform((text) => GRADES[Number(text)] ?? null),
  ],
  "is none of 0, 1, 2, ND and NA",
);

/**
 * Which of several annotators' words is the label: always the same one of an embryo.
 *
 * @param annotators at least one
 * @returns 0 to `annotators` - 1
 */
export function annotatorOf(embryoId: string, annotators: number): number {
  return hash("annotator", embryoId) % annotators;
}

/** What the first wrong cell of a row is, as a sentence. */
export function rowFault(file: string, line: number, error: z.ZodError): string {
  const [issue] = error.issues;
  return `${file}, line ${line}: ${issue?.path.join(".") || "the row"} ${issue?.message}.`;
}

/**
 * The label of each embryo. A row that cannot be read and a second row of an embryo are problems; the first row stands.
 *
 * @param file its name, for the sentences
 * @param idColumn the column that names the embryo
 */
export function labelRows<Row>(
  { rows }: CsvTable,
  { file, idColumn, schema }: { readonly file: string; readonly idColumn: string; readonly schema: z.ZodType<Row> },
  problems: Problem[],
): Map<string, Row> {
  const labels = new Map<string, Row>();
  for (const { line, cells } of rows) {
    const parsed = schema.safeParse(cells);
    const embryoId = cells[idColumn] || null;
    if (!parsed.success) {
      problems.push({ embryoId, code: "LABEL_INVALID", detail: rowFault(file, line, parsed.error) });
    } else if (labels.has(embryoId!)) {
      const detail = `${file}, line ${line}: ${embryoId} has a label already, which stands.`;
      problems.push({ embryoId, code: "LABEL_REPEATED", detail });
    } else labels.set(embryoId!, parsed.data);
  }
  return labels;
}

/** A label whose pictures are not there. */
export function labelWithoutPictures(embryoId: string): Problem {
  return { embryoId, code: "LABEL_WITHOUT_PICTURES", detail: `There is a label for ${embryoId} but no picture.` };
}

/** SHA-256 of anything that JSON can say. */
export async function digestOf(content: unknown): Promise<string> {
  return sha256Hex(new TextEncoder().encode(JSON.stringify(content)));
}

/** @throws FileUnreadable */
export async function readPicture(file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw new FileUnreadable(`${file} cannot be read: ${cause instanceof Error ? cause.message : cause}.`, { cause });
  }
}
