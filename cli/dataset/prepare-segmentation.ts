import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { forbidTelemetry } from "../../adapters/config/telemetry.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { onDisk } from "../../adapters/local/folder-failure.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { isBlastogradeError } from "../../core/errors.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { segmentationNpz } from "./blastocysts.ts";
import { csvLine } from "./csv.ts";
import { countedCodes, NothingPrepared, type Problem } from "./embryo-source.ts";
import { findOutlinedPictures, type OutlinedPicture } from "./outlined-pictures.ts";
import { type OutlinedStill, outlinedStill } from "./outlined-still.ts";
import { writeWhole } from "./prepared-writer.ts";
import { SPLITS, type Split, type SplitShares, splitOfCycle } from "./split.ts";

export interface SegmentationOptions {
  /** Folder with `Images/`, `GT_ICM/` and `GT_TE/`. */
  readonly source: string;
  readonly out: string;
  /** Bytes of `cropper.onnx`. */
  readonly cropper: Uint8Array;
  readonly shares: SplitShares;
  readonly progress: (done: number, of: number) => void;
}

/** What was prepared, in figures. */
export interface SegmentationSummary {
  readonly out: string;
  readonly pictures: number;
  readonly splits: Readonly<Record<Split, number>>;
  /** How often each code is in problems.jsonl. */
  readonly problems: Readonly<Record<string, number>>;
}

/**
 * Crops real pictures whose ICM and TE somebody outlined, and writes them as `segmentation.npz`, with `pictures.csv` (name,
 * patient and split of each row) and `problems.jsonl`. The pictures of one patient lie in one split.
 *
 * @throws SourceUnknown; NothingPrepared; StorageUnavailable
 */
export async function prepareSegmentation(options: SegmentationOptions): Promise<SegmentationSummary> {
  const { source, out, cropper, shares, progress } = options;
  const found = await findOutlinedPictures(source);
  await onDisk(out, "be begun", async () => {
    await mkdir(out, { recursive: true });
    await rm(join(out, "segmentation.npz"), { force: true });
  });
  const problems: Problem[] = [...found.problems];
  const kept: (OutlinedPicture & OutlinedStill & { split: Split })[] = [];
  forbidTelemetry();
  const segmenter = await openSegmenter(cropper, { sha256: await sha256Hex(cropper), threads: 1 });
  for (const [index, picture] of found.pictures.entries()) {
    try {
      const still = await outlinedStill(picture, { segmenter, pictures: sharpDecoder });
      kept.push({ ...picture, ...still, split: splitOfCycle(picture.patient, shares) });
      problems.push(...still.warnings.map((warning) => ({ embryoId: picture.name, ...warning })));
    } catch (error) {
      if (!isBlastogradeError(error) || error.retryable) throw error;
      problems.push({ embryoId: picture.name, code: error.code, detail: error.message });
    }
    progress(index + 1, found.pictures.length);
  }
  await segmenter.close();

  await onDisk(out, "take the data set", async () => {
    const lines = problems.map((problem) => `${JSON.stringify(problem)}\n`);
    await writeWhole(join(out, "problems.jsonl"), lines.join(""));
    if (kept.length === 0) return;
    const rows = kept.map(({ name, patient, split }) => [name, patient, split]);
    await writeWhole(join(out, "pictures.csv"), [["name", "patient", "split"], ...rows].map(csvLine).join(""));
    await writeWhole(join(out, "segmentation.npz"), segmentationNpz(kept));
  });
  const counts = countedCodes(problems);
  if (kept.length === 0) {
    const reasons = Object.entries(counts).map(([code, count]) => `${count} ${code}`);
    throw new NothingPrepared(
      `No picture of the source could be used: ${reasons.join(", ") || "it has none"}. See ${out}/problems.jsonl.`,
    );
  }
  const ofSplit = (split: Split) => kept.filter((one) => one.split === split).length;
  const splits = Object.fromEntries(SPLITS.map((split) => [split, ofSplit(split)])) as Record<Split, number>;
  return { out, pictures: kept.length, splits, problems: counts };
}
