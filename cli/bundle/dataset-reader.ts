import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { Grade } from "../../core/contracts/grades.ts";
import type { ExpansionEvidence } from "../../core/cropping/expansion-evidence.ts";
import type { Split } from "../dataset/split.ts";
import { STILL_VARIANTS } from "../dataset/variants.ts";

/** One graded embryo of a prepared data set. */
export interface DatasetEmbryo {
  readonly embryoId: string;
  /** Row of `stills.npy`. */
  readonly row: number;
  readonly split: Split;
  /** One annotator's word, as in training. */
  readonly icm: Grade;
  readonly te: Grade;
  readonly icmVotes: readonly Grade[];
  readonly teVotes: readonly Grade[];
}

const votes = z.string().transform((letters) => z.array(Grade).parse([...letters]));
const EmbryoLine = z.tuple([
  z.string(),
  z.string(),
  z.enum(["train", "validation", "test"]),
  Grade,
  Grade,
  votes,
  votes,
]);

/** Reads `embryos.csv`. */
export async function readEmbryos(dataset: string): Promise<DatasetEmbryo[]> {
  const lines = await csvLines(join(dataset, "embryos.csv"));
  return lines.map((cells, row) => {
    const [embryoId, , split, icm, te, icmVotes, teVotes] = EmbryoLine.parse(cells);
    return { embryoId, row, split, icm, te, icmVotes, teVotes };
  });
}

const EvidenceLine = z
  .tuple([z.string(), z.enum(["blastocyst", "arrested", "empty"]), z.string(), z.string()])
  .rest(z.string());

/** Reads `evidence.csv`; the evidence is null where the crop station saw an empty well. */
export async function readEvidence(dataset: string): Promise<{ kind: string; evidence: ExpansionEvidence | null }[]> {
  const lines = await csvLines(join(dataset, "evidence.csv"));
  return lines.map((cells) => {
    const [, kind, , , ...values] = EvidenceLine.parse(cells);
    const [fieldFraction, growth, centreContrast] = values.map(Number);
    return {
      kind,
      evidence:
        values[0] === "" ? null : { fieldFraction: fieldFraction!, growth: growth!, centreContrast: centreContrast! },
    };
  });
}

/** The unshifted still of a row of `stills.npy`: uint8 [3, 224, 224]. The file is far larger than memory may be. */
export async function readStill(dataset: string, row: number): Promise<Uint8Array> {
  const file = await open(join(dataset, "stills.npy"));
  try {
    const preamble = new DataView(new ArrayBuffer(10));
    await file.read(preamble, 0, 10, 0);
    const headerBytes = 10 + preamble.getUint16(8, true);
    const still = new Uint8Array(3 * CLIP_SIZE ** 2);
    await file.read(still, 0, still.length, headerBytes + row * STILL_VARIANTS * still.length);
    return still;
  } finally {
    await file.close();
  }
}

async function csvLines(file: string): Promise<string[][]> {
  const [, ...lines] = (await readFile(file, "utf8")).trimEnd().split("\n");
  return lines.map((line) => line.split(","));
}
