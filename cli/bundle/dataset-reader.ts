import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { Grade } from "../../core/contracts/grades.ts";
import { Sha256 } from "../../core/contracts/identifiers.ts";
import type { ExpansionEvidence } from "../../core/cropping/expansion-evidence.ts";
import { readTable } from "../dataset/csv.ts";
import { SOURCE_NAMES, WELL_KINDS } from "../dataset/embryo-source.ts";
import { MOMENTS, type Moment } from "../dataset/moments.ts";
import { SPLITS, type Split } from "../dataset/split.ts";

/** `dataset.json` of a prepared data set: written last, so that where it lies everything else is whole. */
export const PreparedManifest = z.object({
  schema: z.literal("blastograde/prepared@1"),
  source: z.enum(SOURCE_NAMES),
  cropperSha256: Sha256,
  /** Number of variants of each moment that has stills. */
  moments: z.partialRecord(z.enum(MOMENTS), z.number().int().min(1)),
  /** Whether every embryo has a clip. */
  sequences: z.boolean(),
});
export type PreparedManifest = z.infer<typeof PreparedManifest>;

/** Columns of `embryos.csv`, in their order. */
export const EMBRYO_COLUMNS = [
  "embryo_id",
  "cycle_id",
  "clinic",
  "split",
  "icm",
  "te",
  "icm_votes",
  "te_votes",
  "outcome",
  "moments",
] as const;

/** One embryo of a prepared data set. */
export interface PreparedEmbryo {
  readonly embryoId: string;
  readonly cycleId: string;
  readonly clinic: string | null;
  /** Row of every stills file. */
  readonly row: number;
  readonly split: Split;
  /** One annotator's word, as in training. */
  readonly icm: Grade | null;
  readonly te: Grade | null;
  readonly icmVotes: readonly Grade[];
  readonly teVotes: readonly Grade[];
  /** Clinical pregnancy: a gestational sac of phantoms, elsewhere what the data set means; null where it is not known. */
  readonly outcome: 0 | 1 | null;
  /** Moments that this embryo has a still of. */
  readonly moments: ReadonlySet<Moment>;
}

const blank = z.literal("").transform(() => null);
const votes = z.string().transform((letters) => z.array(Grade).parse([...letters]));
const EmbryoRow = z.object({
  embryo_id: z.string().min(1),
  cycle_id: z.string().min(1),
  clinic: z.string().transform((name) => (name === "" ? null : name)),
  split: z.enum(SPLITS),
  icm: z.union([blank, Grade]),
  te: z.union([blank, Grade]),
  icm_votes: votes,
  te_votes: votes,
  outcome: z.union([blank, z.enum(["0", "1"]).transform((text) => (text === "1" ? 1 : 0))]),
  moments: z.string().transform((names) => z.array(z.enum(MOMENTS)).parse(names.split(" ").filter(Boolean))),
});

/** @throws Error which says that the folder holds no prepared data set, or an unfinished one */
export async function readPreparedManifest(dir: string): Promise<PreparedManifest> {
  const file = join(dir, "dataset.json");
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new Error(`${dir} holds no finished data set: ${file} is missing. Run prepare-dataset (again).`, { cause });
  });
  try {
    return PreparedManifest.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file} is not the manifest of a prepared data set. Prepare it again.`, { cause });
  }
}

/** Reads `embryos.csv`, in order of row. @throws Error which names the line that is wrong */
export async function readPreparedEmbryos(dir: string): Promise<PreparedEmbryo[]> {
  const file = join(dir, "embryos.csv");
  const { rows } = await readTable(file);
  return rows.map(({ line, cells }, row) => {
    const parsed = EmbryoRow.safeParse(cells);
    if (!parsed.success) throw new Error(`${file}, line ${line}: ${z.prettifyError(parsed.error)}`);
    const { embryo_id, cycle_id, clinic, split, icm, te, icm_votes, te_votes, outcome, moments } = parsed.data;
    return {
      embryoId: embryo_id,
      cycleId: cycle_id,
      clinic,
      row,
      split,
      icm,
      te,
      icmVotes: icm_votes,
      teVotes: te_votes,
      outcome,
      moments: new Set(moments),
    };
  });
}

/**
 * One still: uint8 [3, 224, 224]. The file is far larger than memory may be, so that this much is read of it.
 *
 * @param row of an embryo that has this moment
 * @param variant 0 is unshifted
 */
export async function readStill(dir: string, moment: Moment, row: number, variant = 0): Promise<Uint8Array> {
  const name = join(dir, "stills", `${moment}.npy`);
  const file = await open(name);
  try {
    const preamble = new DataView(new ArrayBuffer(10));
    await file.read(preamble, 0, 10, 0);
    const header = Buffer.alloc(preamble.getUint16(8, true));
    await file.read(header, 0, header.length, 10);
    const shape = /\((\d+), (\d+), 3, 224, 224\)/.exec(header.toString("latin1"))?.slice(1).map(Number);
    const [rows, variants] = shape ?? [0, 0];
    if (row >= rows! || variant >= variants!) {
      throw new Error(
        `${name} has ${rows} rows of ${variants} variants: there is no variant ${variant} of row ${row}.`,
      );
    }
    const still = new Uint8Array(3 * CLIP_SIZE ** 2);
    await file.read(still, 0, still.length, 10 + header.length + (row * variants! + variant) * still.length);
    return still;
  } finally {
    await file.close();
  }
}

/** Columns of `evidence.csv`, in their order. */
export const EVIDENCE_COLUMNS = ["embryo_id", "kind", "split", "field_fraction", "growth", "centre_contrast"] as const;

const finite = z.string().min(1).transform(Number).pipe(z.number());
const EvidenceRow = z.object({
  embryoId: z.string().min(1),
  kind: z.union([blank, z.enum(WELL_KINDS)]),
  evidence: z
    .union([
      z.object({ field_fraction: z.literal("") }).transform(() => null),
      z.object({ field_fraction: finite, growth: finite, centre_contrast: finite }),
    ])
    .transform(
      (cells): ExpansionEvidence | null =>
        cells && { fieldFraction: cells.field_fraction, growth: cells.growth, centreContrast: cells.centre_contrast },
    ),
});

/**
 * Reads `evidence.csv`.
 *
 * @returns what is truly in each well (null where that is not known), and the evidence that the crop station found; that
 * is null where it saw an empty well
 */
export async function readEvidence(dir: string): Promise<z.infer<typeof EvidenceRow>[]> {
  const { rows } = await readTable(join(dir, "evidence.csv"));
  return rows.map(({ cells }) => EvidenceRow.parse({ embryoId: cells.embryo_id, kind: cells.kind, evidence: cells }));
}
