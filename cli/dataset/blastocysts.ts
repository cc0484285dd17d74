import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { encodeNpy } from "../../adapters/archive/npy.ts";
import { encodeNpz } from "../../adapters/archive/npz.ts";
import { onDisk } from "../../adapters/local/folder-failure.ts";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { PhantomEmbryo } from "../../phantom/index.ts";
import { EMBRYO_COLUMNS, type PreparedManifest } from "../bundle/dataset-reader.ts";
import type { BlastocystDraw } from "./blastocyst-still.ts";
import type { BlastocystTask, DrawnBlastocyst } from "./blastocyst-worker.ts";
import { csvLine } from "./csv.ts";
import { writeWhole } from "./prepared-writer.ts";
import { inShares } from "./shares.ts";
import { SPLITS, type Split, type SplitShares, splitOfCycle } from "./split.ts";

export interface BlastocystsOptions {
  readonly out: string;
  /** Bytes of `cropper.onnx`. */
  readonly cropper: Uint8Array;
  readonly draw: BlastocystDraw;
  readonly blastocysts: number;
  readonly shares: SplitShares;
  readonly progress: (done: number, of: number) => void;
}

const PLANE = CLIP_SIZE ** 2;

/**
 * Draws phantom blastocysts at tMEB and writes them as a prepared data set of one-frame clips, with `segmentation.npz` beside
 * them, row by row as in `embryos.csv`: what the segmenter trains on and what the pregnancy networks' stills are made of.
 *
 * @returns how many the data set has; those whose embryo the cropper misses are left out
 */
export async function prepareBlastocysts(options: BlastocystsOptions): Promise<number> {
  const { out, cropper, draw, blastocysts, shares, progress } = options;
  await onDisk(out, "be made", () => mkdir(join(out, "clips"), { recursive: true }));
  // Until it is whole again nobody takes it for a data set.
  await onDisk(out, "be begun", () => rm(join(out, "dataset.json"), { force: true }));
  const task: BlastocystTask = { draw, blastocysts, cropper };
  const drawn = new Array<{ embryo: PhantomEmbryo; still: Uint8Array; truth: Uint8Array } | undefined>(blastocysts);
  const writing: Promise<void>[] = [];
  let done = 0;
  await inShares(new URL("./blastocyst-worker.ts", import.meta.url), task, (message: DrawnBlastocyst) => {
    progress(++done, blastocysts);
    if (message.drawn === null) return;
    const { embryo, still, truth, clip } = message.drawn;
    drawn[message.index] = { embryo, still, truth };
    const file = join(out, "clips", `${embryo.embryoId}.npz`);
    writing.push(onDisk(out, `take the clip of ${embryo.embryoId}`, () => writeWhole(file, clip)));
  });
  await Promise.all(writing);
  const kept = drawn.filter((one) => one !== undefined);
  const splitOf = ({ cycleId }: PhantomEmbryo) => splitOfCycle(cycleId, shares);
  await onDisk(out, "take the data set", async () => {
    const pictures = kept.map(({ embryo, still, truth }) => ({ still, truth, split: splitOf(embryo) }));
    await writeWhole(join(out, "segmentation.npz"), segmentationNpz(pictures));
    const rows = kept.map(({ embryo }) => embryoRow(embryo, splitOf(embryo)));
    await writeWhole(join(out, "embryos.csv"), [EMBRYO_COLUMNS, ...rows].map(csvLine).join(""));
    const manifest: PreparedManifest = {
      schema: "blastograde/prepared@1",
      source: "phantoms",
      cropperSha256: await sha256Hex(cropper),
      moments: {},
      sequences: true,
    };
    await writeWhole(join(out, "dataset.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  });
  return kept.length;
}

/**
 * What the segmenter trains on: `images` uint8 [N, 224, 224], `masks` uint8 [N, 224, 224] of places in `TISSUES`, `split`
 * uint8 [N] of places in `SPLITS`.
 */
export function segmentationNpz(
  pictures: readonly { readonly still: Uint8Array; readonly truth: Uint8Array; readonly split: Split }[],
): Uint8Array {
  const stack = (planes: readonly Uint8Array[]) => {
    const all = new Uint8Array(planes.length * PLANE);
    planes.forEach((plane, row) => {
      all.set(plane, row * PLANE);
    });
    return encodeNpy(all, [planes.length, CLIP_SIZE, CLIP_SIZE]);
  };
  return encodeNpz({
    "images.npy": stack(pictures.map(({ still }) => still)),
    "masks.npy": stack(pictures.map(({ truth }) => truth)),
    "split.npy": encodeNpy(
      Uint8Array.from(pictures, ({ split }) => SPLITS.indexOf(split)),
      [pictures.length],
    ),
  });
}

function embryoRow(embryo: PhantomEmbryo, split: Split): string[] {
  const { embryoId, cycleId, clinicId, icmLabel, teLabel, icmVotes, teVotes, outcome } = embryo;
  return [
    ...[embryoId, cycleId, clinicId, split, icmLabel ?? "", teLabel ?? ""],
    ...[icmVotes.join(""), teVotes.join(""), outcome === null ? "" : String(outcome), ""],
  ];
}
