import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { npyHeader } from "../../adapters/archive/npy.ts";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { onDisk } from "../../adapters/local/folder-failure.ts";
import { openTissueSegmenter } from "../../adapters/onnx/tissue-segmenter.ts";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { enhancedImage } from "../../core/pregnancy/enhanced-image.ts";
import { pregnancyStill } from "../../core/pregnancy/pregnancy-still.ts";
import { RandomStream } from "../../phantom/random.ts";
import { type PreparedEmbryo, readPreparedEmbryos, readPreparedManifest } from "../bundle/dataset-reader.ts";
import { clipFile } from "../evaluation/prepared-data-set.ts";
import { csvLine } from "./csv.ts";
import { writeWhole } from "./prepared-writer.ts";

/** Columns of `pregnancy.csv`, row by row as `enhanced.npy` and `embryos.csv`. */
const COLUMNS = ["embryo_id", "cycle_id", "age_years", "split", "fold", "icm_votes", "te_votes", "outcome"] as const;
/** Kim et al. 2024, Methods: what is not held out makes three folds. */
export const FOLDS = 3;
const IMAGE_BYTES = 3 * CLIP_SIZE ** 2;

export interface EnhancedOptions {
  /** A prepared data set with clips. */
  readonly dir: string;
  /** Bytes of `segmenter.onnx`. */
  readonly segmenter: Uint8Array;
  readonly threads: number;
  readonly progress: (done: number, of: number) => void;
}

/**
 * Makes the pregnancy networks' images out of a data set's clips, by the segmenter that serving has: `enhanced.npy` uint8
 * [E, 3, 224, 224], whose first channel is the plain still, and `pregnancy.csv` with ages, folds and outcomes.
 *
 * @returns how many embryos there are, and of how many no ICM or no TE was found
 * @throws Error for a folder that is no finished data set with clips; ClipInvalid; what networks throw
 */
export async function prepareEnhancedImages({ dir, segmenter: network, threads, progress }: EnhancedOptions) {
  const manifest = await readPreparedManifest(dir);
  if (!manifest.sequences) throw new Error(`${dir} has no clips: prepare it with --sequences.`);
  const embryos = await readPreparedEmbryos(dir);
  const segmenter = await openTissueSegmenter(network, { threads });
  const counts = { embryos: embryos.length, withoutIcm: 0, withoutTe: 0 };
  const rows: (readonly string[])[] = [];
  const file = join(dir, "enhanced.npy");
  const unfinished = await onDisk(dir, "take enhanced.npy", () => open(`${file}.unfinished`, "w"));
  try {
    const header = npyHeader("|u1", [embryos.length, 3, CLIP_SIZE, CLIP_SIZE]);
    await unfinished.write(header, 0, header.length, 0);
    for (const [row, embryo] of embryos.entries()) {
      const clip = npzClipFormat.decode(new Uint8Array(await readFile(clipFile(dir, embryo.embryoId))));
      const still = pregnancyStill(clip);
      const masks = await segmenter.segment(still);
      if (!masks.icm.includes(1)) counts.withoutIcm++;
      if (!masks.te.includes(1)) counts.withoutTe++;
      const image = enhancedImage(still, masks);
      await onDisk(dir, "take enhanced.npy", () =>
        unfinished.write(image, 0, IMAGE_BYTES, header.length + row * IMAGE_BYTES),
      );
      rows.push(pregnancyRow(embryo, clip.meta.ageYears));
      progress(row + 1, embryos.length);
    }
    await unfinished.datasync();
  } finally {
    await unfinished.close();
    await segmenter.close();
  }
  await onDisk(dir, "take pregnancy.csv", async () => {
    await rename(`${file}.unfinished`, file);
    await writeWhole(join(dir, "pregnancy.csv"), [COLUMNS, ...rows].map(csvLine).join(""));
  });
  return counts;
}

function pregnancyRow(embryo: PreparedEmbryo, ageYears: number | null): string[] {
  const { embryoId, cycleId, split, icm, te, icmVotes, teVotes, outcome } = embryo;
  // Where nobody voted the one label is the vote.
  const votes = (own: readonly string[], label: string | null) => (own.length > 0 ? own.join("") : (label ?? ""));
  const fold = split === "test" ? "" : String(foldOfCycle(cycleId));
  return [
    ...[embryoId, cycleId, ageYears === null ? "" : String(ageYears), split, fold],
    ...[votes(icmVotes, icm), votes(teVotes, te), outcome === null ? "" : String(outcome)],
  ];
}

/** A fold by a hash of the cycle's name, never within one: one woman's embryos share her age. 0 to 2 */
export function foldOfCycle(cycleId: string): number {
  return new RandomStream("fold", cycleId).whole(0, FOLDS - 1);
}
