import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { systemCode } from "../../adapters/local/folder-failure.ts";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { TISSUE_LABEL } from "../../core/contracts/segmentation.ts";
import { errorAt, isBlastogradeError } from "../../core/errors.ts";
import type { Structure } from "../evaluation/measured.ts";

/** What is truly ICM and TE in the stills of a data set. */
export interface TrueTissues {
  /** uint8 [224, 224], 1 within the tissue. @param row of `embryos.csv` */
  maskOf(row: number, tissue: Structure): Uint8Array;
}

const PIXELS = CLIP_SIZE ** 2;

/**
 * Reads `segmentation.npz` of a data set.
 *
 * @param embryos how many the data set has; the file has their masks row by row
 * @returns null where there is no such file
 * @throws Error with a sentence for a file of other embryos; ClipInvalid for a damaged one
 */
export async function readTrueTissues(dir: string, embryos: number): Promise<TrueTissues | null> {
  const file = join(dir, "segmentation.npz");
  const bytes = await readFile(file).catch((cause) => {
    if (systemCode(cause) === "ENOENT") return null;
    throw new Error(`${file} cannot be read.`, { cause });
  });
  if (bytes === null) return null;
  const masks = masksOf(file, new Uint8Array(bytes));
  if (masks === null || masks.length !== embryos * PIXELS) {
    throw new Error(
      `${file} does not hold a mask of 224 x 224 for each of ${embryos} embryos: prepare the data again.`,
    );
  }
  return {
    maskOf(row, tissue) {
      const labels = masks.subarray(row * PIXELS, (row + 1) * PIXELS);
      return labels.map((label) => (label === TISSUE_LABEL[tissue] ? 1 : 0));
    },
  };
}

/** uint8 [N, 224, 224] as one array, or null. */
function masksOf(file: string, bytes: Uint8Array): Uint8Array | null {
  try {
    const masks = decodeNpz(bytes).get("masks.npy");
    const array = masks === undefined ? null : decodeNpy(masks).array;
    return array instanceof Uint8Array ? array : null;
  } catch (error) {
    throw isBlastogradeError(error) ? errorAt(file, error) : error;
  }
}
