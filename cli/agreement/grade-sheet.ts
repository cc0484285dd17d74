import { z } from "zod";
import { GRADES, type Grade } from "../../core/contracts/grades.ts";

/** What one annotator or network says of one image; undefined where it gives no grade. */
interface SheetGrades {
  readonly icm: Grade | undefined;
  readonly te: Grade | undefined;
}

/** By the image's name without the ending of a picture file, in the order of the lines. */
export type GradeSheet = ReadonlyMap<string, SheetGrades>;

/** A file of grades cannot be read as one; the message names the lines. */
export class UnreadableSheet extends Error {}

const CELLS = ["image", "exp", "icm", "te"] as const;
const SHOWN_PROBLEMS = 5;
// Some lists name "0004_03.png" where others have "0004_03".
const PICTURE_ENDING = /\.(png|jpe?g|bmp|tiff?)$/i;

// Tables that were saved by way of floating-point numbers have "1.0" for 1; consensus tables have -1 for no grade.
const GradeCode = z
  .string()
  .regex(/^((-1|[0-3])(\.0*)?)?$/, "wanted 0, 1, 2 (A, B, C), or 3 or nothing for no grade")
  .transform((code) => (code === "" ? undefined : GRADES[Number(code)]));

// The expansion is not used; it is looked at so that a header or shifted columns do not pass for grades.
const Expansion = z.string().regex(/^(-?\d+(\.\d*)?)?$/, "wanted a number or nothing");

const Line = z.object({
  image: z.string().min(1, "wanted the name of an image"),
  exp: Expansion,
  icm: GradeCode,
  te: GradeCode,
});

/**
 * Reads headerless lines `image,exp,icm,te` in UTF-8, with or without a byte order mark, with any line ends.
 *
 * @param name of the file, for messages
 * @throws UnreadableSheet with every bad line's number, up to five of them
 */
export function parseGradeSheet(name: string, bytes: Uint8Array): GradeSheet {
  const sheet = new Map<string, SheetGrades>();
  const lineOf = new Map<string, number>();
  const problems: string[] = [];
  for (const [place, line] of textOf(name, bytes)
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (line.trim() === "") continue;
    const number = place + 1;
    const parsed = parseLine(line);
    if (typeof parsed === "string") {
      problems.push(`${name}, line ${number}: ${parsed}`);
      continue;
    }
    const image = parsed.image.replace(PICTURE_ENDING, "");
    const before = lineOf.get(image);
    if (before === undefined) {
      sheet.set(image, { icm: parsed.icm, te: parsed.te });
      lineOf.set(image, number);
    } else {
      problems.push(`${name}, line ${number}: ${parsed.image} is on line ${before} too; one file is one grader's word`);
    }
  }
  if (problems.length > 0) throw new UnreadableSheet(shortened(problems));
  if (sheet.size === 0) throw new UnreadableSheet(`${name}: there is no line in it`);
  return sheet;
}

function textOf(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableSheet(`${name}: this is no text in UTF-8; save it as "CSV UTF-8"`);
  }
}

/** The line, or what is wrong with it. */
function parseLine(line: string): z.infer<typeof Line> | string {
  const cells = line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  if (cells.length !== CELLS.length) {
    return `${cells.length} ${cells.length === 1 ? "cell" : "cells"} between commas; wanted ${CELLS.join(",")}`;
  }
  const byName = Object.fromEntries(CELLS.map((cell, i) => [cell, cells[i]]));
  const parsed = Line.safeParse(byName);
  if (parsed.success) return parsed.data;
  if (CELLS.every((cell) => byName[cell]?.toLowerCase() === cell)) return "a header; the files have none, remove it";
  return parsed.error.issues
    .map(({ path, message }) => `${path.join(".")} is ${JSON.stringify(byName[String(path[0])])}, ${message}`)
    .join("; ");
}

function shortened(problems: readonly string[]): string {
  const more = problems.length - SHOWN_PROBLEMS;
  return [...problems.slice(0, SHOWN_PROBLEMS), ...(more > 0 ? [`and ${more} more such lines`] : [])].join("\n");
}
