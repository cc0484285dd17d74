// How often embryologists agree with each other, and a network with them, from files of grades.
import { readFile } from "node:fs/promises";
import { readArguments } from "./agreement/arguments.ts";
import { type GradeSheet, parseGradeSheet } from "./agreement/grade-sheet.ts";
import { type StructureAgreement, sheetAgreement, type Unpredicted } from "./agreement/sheet-agreement.ts";

const USAGE = `Usage: npm run agreement -- --annotations FILE.csv FILE.csv ... --predictions FILE.csv
Files hold lines of image,exp,icm,te without a header: 0 is A, 1 is B, 2 is C; 3 or nothing is no grade. One file of
annotations is one annotator's.`;
const SHOWN_IMAGES = 5;

/** 0 when the figures were printed, 2 when the call or a file is wrong. */
process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 2;
});

async function main(): Promise<number> {
  let files: ReturnType<typeof readArguments>;
  try {
    files = readArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const predictions = await readSheet(files.predictions);
  const annotations: GradeSheet[] = [];
  for (const file of files.annotations) annotations.push(await readSheet(file));
  const icm = sheetAgreement(annotations, predictions, "icm");
  const te = sheetAgreement(annotations, predictions, "te");
  for (const line of [...remarks("ICM", icm), ...remarks("TE", te)]) console.error(line);
  // What is not a number, for want of images, is null in JSON.
  console.log(JSON.stringify({ icm: figures(icm), te: figures(te) }));
  return 0;
}

async function readSheet(file: string): Promise<GradeSheet> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === "ENOENT" ? `There is no file ${file}.` : `${file} cannot be read: ${error.message}`);
  });
  return parseGradeSheet(file, bytes);
}

function figures({ images, human, network }: StructureAgreement): StructureAgreement {
  return { images, human, network };
}

function remarks(name: string, { images, missing, ungraded }: StructureAgreement & Unpredicted): string[] {
  if (images === 0) return [`${name}: no image was graded by two annotators, so there is nothing to compare.`];
  const left = (unpredicted: readonly string[], why: string) =>
    unpredicted.length === 0
      ? []
      : [
          `${name}: ${unpredicted.length} of ${images} images do not count for the network, ${why}: ${few(unpredicted)}`,
        ];
  return [...left(missing, "which has no prediction of them"), ...left(ungraded, "which gave no grade")];
}

function few(images: readonly string[]): string {
  const more = images.length - SHOWN_IMAGES;
  return images.slice(0, SHOWN_IMAGES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
