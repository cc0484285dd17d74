import { mkdir, open, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { npyHeader } from "../../adapters/archive/npy.ts";
import { onDisk, systemCode } from "../../adapters/local/folder-failure.ts";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { BlastogradeError } from "../../core/errors.ts";
import { EMBRYO_COLUMNS, EVIDENCE_COLUMNS, type PreparedManifest } from "../bundle/dataset-reader.ts";
import { csvLine } from "./csv.ts";
import type { EmbryoResult } from "./embryo-preparation.ts";
import type { Problem } from "./embryo-source.ts";
import type { Moment } from "./moments.ts";

/** All that decides what is written; a preparation that was begun goes on with the same only. */
export interface Recipe extends Omit<PreparedManifest, "schema"> {
  readonly sourceDigest: string;
  readonly splits: string;
  readonly evidenceOfAll: boolean;
}

/** The folder holds, or will hold, something else. */
class OtherPreparation extends BlastogradeError {
  readonly code = "OTHER_PREPARATION";
  readonly retryable = false;
}

/** The journal has a line in its middle that nobody wrote so. */
class JournalDamaged extends BlastogradeError {
  readonly code = "JOURNAL_DAMAGED";
  readonly retryable = false;
}

const cells = z.array(z.string());
const JournalLine = z.object({
  embryoId: z.string(),
  /** Cells of `embryos.csv`; null for an embryo that is left out. */
  embryo: cells.nullable(),
  /** Cells of `evidence.csv`; null where nobody looked. */
  evidence: cells.nullable(),
  problems: z.array(z.object({ embryoId: z.string().nullable(), code: z.string(), detail: z.string() })),
});
export type JournalLine = z.infer<typeof JournalLine>;

const JOURNAL = "journal.jsonl";
const MANIFEST = "dataset.json";

/**
 * Writes a prepared data set so that a run that ends anywhere goes on from there, and so that what is not whole has no
 * `dataset.json`: clips and stills of an embryo first, then its line of the journal, everything else from the journal.
 */
export class PreparedWriter {
  readonly #out: string;
  readonly #recipe: Recipe;
  readonly #beforeWrite: (name: string) => void;
  readonly #journal: JournalLine[];
  readonly isFinished: boolean;

  private constructor(
    out: string,
    recipe: Recipe,
    journal: JournalLine[],
    isFinished: boolean,
    beforeWrite: (name: string) => void,
  ) {
    this.#out = out;
    this.#recipe = recipe;
    this.#journal = journal;
    this.isFinished = isFinished;
    this.#beforeWrite = beforeWrite;
  }

  /**
   * @param beforeWrite called with the name of every write; what it throws, the write has thrown
   * @throws OtherPreparation; JournalDamaged; StorageUnavailable
   */
  static async open(out: string, recipe: Recipe, beforeWrite: (name: string) => void = () => {}) {
    const first = JSON.stringify(recipe);
    const file = join(out, JOURNAL);
    const text = await onDisk(out, "be read", () => readFile(file, "utf8").catch(missing));
    const isThere = await onDisk(out, "be read", () => readFile(join(out, MANIFEST)).catch(missing));
    const [begun, ...lines] = (text ?? "").split("\n");
    // A journal without a whole first line was killed at once: nothing was written yet.
    const hasBegun = text?.includes("\n") ?? false;
    if ((hasBegun && begun !== first) || (!hasBegun && isThere !== null)) {
      throw new OtherPreparation(
        `${out} holds a data set that was prepared from another source or with other options. ` +
          "Give the same ones, or another --out.",
      );
    }
    // What follows the last line break was cut off.
    const journal = lines.slice(0, -1).map((line, position) => parseLine(file, position + 2, line));
    const writer = new PreparedWriter(out, recipe, journal, isThere !== null, beforeWrite);
    if (!writer.isFinished) await writer.#prepareFiles(first);
    return writer;
  }

  get journal(): readonly JournalLine[] {
    return this.#journal;
  }

  /** Cells of `embryos.csv` of those that were added and not left out. */
  get embryos(): readonly (readonly string[])[] {
    return this.#journal.flatMap(({ embryo }) => (embryo === null ? [] : [embryo]));
  }

  /** Adds the next embryo. @throws StorageUnavailable, after which everything added before is kept */
  async add(result: EmbryoResult, embryoCells: readonly string[] | null, evidenceCells: readonly string[] | null) {
    const row = this.embryos.length;
    const { embryoId, clip, stills, problems } = result;
    if (embryoCells !== null) {
      if (clip !== null) {
        const file = join(this.#out, "clips", `${embryoId}.npz`);
        await this.#onDisk(`the clip of ${embryoId}`, () => writeWhole(file, clip));
      }
      for (const [moment, still] of Object.entries(stills)) {
        await this.#onDisk(`the stills of ${embryoId}`, () => this.#writeRow(moment as Moment, row, still));
      }
    }
    await this.#onDisk(`the journal's line of ${embryoId}`, async () => {
      const line: JournalLine = {
        embryoId,
        embryo: embryoCells && [...embryoCells],
        evidence: evidenceCells && [...evidenceCells],
        problems: problems.map((problem) => ({ ...problem })),
      };
      await appendDurably(join(this.#out, JOURNAL), `${JSON.stringify(line)}\n`);
      this.#journal.push(line);
    });
  }

  /** Writes all that is made of the journal, `dataset.json` last. @param sourceProblems of no single embryo */
  async finish(sourceProblems: readonly Problem[]): Promise<void> {
    const rows = this.embryos.length;
    for (const [moment, variants] of this.#momentVariants()) {
      await this.#onDisk(`stills/${moment}.npy`, async () => {
        const file = this.#stillsFile(moment);
        const header = npyHeader("|u1", [rows, variants, 3, CLIP_SIZE, CLIP_SIZE]);
        await writeAt(`${file}.unfinished`, header, 0);
        await truncate(`${file}.unfinished`, header.length + rows * rowBytes(variants));
        await rename(`${file}.unfinished`, file);
      });
    }
    const evidence = this.#journal.flatMap((line) => (line.evidence === null ? [] : [line.evidence]));
    const problems = [...sourceProblems, ...this.#journal.flatMap((line) => line.problems)];
    if (evidence.length > 0) await this.#write("evidence.csv", [EVIDENCE_COLUMNS, ...evidence].map(csvLine).join(""));
    await this.#write("problems.jsonl", problems.map((problem) => `${JSON.stringify(problem)}\n`).join(""));
    // Without a row there is no data set, and the criterion has its evidence.
    if (this.#recipe.evidenceOfAll || rows === 0) return;
    await this.#write("embryos.csv", [EMBRYO_COLUMNS, ...this.embryos].map(csvLine).join(""));
    const { source, cropperSha256, moments, sequences } = this.#recipe;
    const manifest: PreparedManifest = { schema: "blastograde/prepared@1", source, cropperSha256, moments, sequences };
    await this.#write(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
  }

  async #prepareFiles(recipeLine: string): Promise<void> {
    await this.#onDisk(JOURNAL, async () => {
      await mkdir(join(this.#out, "clips"), { recursive: true });
      await mkdir(join(this.#out, "stills"), { recursive: true });
      for (const [moment, variants] of this.#momentVariants()) {
        const file = this.#stillsFile(moment);
        // The run before was killed while it finished.
        await rename(file, `${file}.unfinished`).catch(missing);
        const { length } = npyHeader("|u1", [0, variants, 3, CLIP_SIZE, CLIP_SIZE]);
        await writeAt(`${file}.unfinished`, new Uint8Array(0), 0);
        await truncate(`${file}.unfinished`, length + this.embryos.length * rowBytes(variants));
      }
      const whole = [recipeLine, ...this.#journal.map((line) => JSON.stringify(line))].join("\n");
      await writeWhole(join(this.#out, JOURNAL), `${whole}\n`);
    });
  }

  #momentVariants(): [Moment, number][] {
    return Object.entries(this.#recipe.moments) as [Moment, number][];
  }

  #stillsFile(moment: Moment): string {
    return join(this.#out, "stills", `${moment}.npy`);
  }

  async #writeRow(moment: Moment, row: number, stills: Uint8Array): Promise<void> {
    const variants = this.#recipe.moments[moment]!;
    const { length } = npyHeader("|u1", [0, variants, 3, CLIP_SIZE, CLIP_SIZE]);
    await writeAt(`${this.#stillsFile(moment)}.unfinished`, stills, length + row * rowBytes(variants));
  }

  #write(name: string, content: string): Promise<void> {
    return this.#onDisk(name, () => writeWhole(join(this.#out, name), content));
  }

  #onDisk(name: string, run: () => Promise<void>): Promise<void> {
    return onDisk(this.#out, `take ${name}`, async () => {
      this.#beforeWrite(name);
      await run();
    });
  }
}

function parseLine(file: string, number: number, line: string): JournalLine {
  try {
    return JournalLine.parse(JSON.parse(line));
  } catch (cause) {
    throw new JournalDamaged(`${file}, line ${number} is damaged. Begin again with another --out.`, { cause });
  }
}

function rowBytes(variants: number): number {
  return variants * 3 * CLIP_SIZE ** 2;
}

function missing(error: unknown): null {
  if (systemCode(error) === "ENOENT") return null;
  throw error;
}

/** A file that is there is whole: a run that was killed leaves none that looks done. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const unfinished = join(file, "..", `${basename(file)}.unfinished`);
  await writeFile(unfinished, content, { flush: true });
  await rename(unfinished, file);
}

async function writeAt(file: string, bytes: Uint8Array, position: number): Promise<void> {
  const handle = await open(file, "r+").catch((error) => missing(error) ?? open(file, "w+"));
  try {
    // A write may be cut short where the disk gets full; the next one then says so.
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function appendDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, "a");
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
