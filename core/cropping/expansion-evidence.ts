import { CLIP_SIZE } from "../contracts/clip.ts";
import { median } from "../timelapse/maximum-expansion.ts";
import { CROPPER_SIZE, type EmbryoMask } from "./embryo-mask.ts";
import type { SquareWindow } from "./resample.ts";

const BLOCK = 8;
const EARLY_FRAMES = 5;

/** What speaks for a blastocyst: size and growth of the masks, and a smooth cavity within a granular rim. */
export interface ExpansionEvidence {
  /** The mask's area at tMEB over the square of the picture's shorter side. */
  readonly fieldFraction: number;
  /** Area at tMEB over the median area of the sequence's first five frames. */
  readonly growth: number;
  /** Spread of grey within the embryo: local contrast of its smoothest fifth over that of its roughest fifth, 0 to 1. */
  readonly smoothness: number;
}

/**
 * @param areas field fractions of the grid's frames in which an embryo was found, chronological, up to tMEB
 * @param crop uint8 [3, 224, 224] at tMEB, of which the centre plane is looked at
 */
export function expansionEvidence(
  areas: readonly number[],
  crop: Uint8Array,
  mask: EmbryoMask,
  window: SquareWindow,
): ExpansionEvidence {
  const fieldFraction = areas.at(-1)!;
  const contrasts = blockContrasts(crop.subarray(CLIP_SIZE * CLIP_SIZE, 2 * CLIP_SIZE * CLIP_SIZE), mask, window);
  contrasts.sort((a, b) => a - b);
  const roughest = contrasts[Math.floor(contrasts.length * 0.8)] ?? 0;
  const smoothest = contrasts[Math.floor(contrasts.length * 0.2)] ?? 0;
  return {
    fieldFraction,
    growth: fieldFraction / median(areas.slice(0, EARLY_FRAMES)),
    smoothness: roughest === 0 ? 1 : smoothest / roughest,
  };
}

/** Standard deviation of grey in each 8 x 8 block whose centre lies within the mask. */
function blockContrasts(plane: Uint8Array, mask: EmbryoMask, window: SquareWindow): number[] {
  const contrasts: number[] = [];
  for (let top = 0; top < CLIP_SIZE; top += BLOCK) {
    for (let left = 0; left < CLIP_SIZE; left += BLOCK) {
      const x = window.left + ((left + BLOCK / 2) * window.size) / CLIP_SIZE;
      const y = window.top + ((top + BLOCK / 2) * window.size) / CLIP_SIZE;
      if (isInMask(mask, x, y)) contrasts.push(deviation(plane, left, top));
    }
  }
  return contrasts;
}

function isInMask({ cells, view }: EmbryoMask, x: number, y: number): boolean {
  const column = Math.floor(((x - view.left) / view.size) * CROPPER_SIZE);
  const row = Math.floor(((y - view.top) / view.size) * CROPPER_SIZE);
  const isInside = column >= 0 && column < CROPPER_SIZE && row >= 0 && row < CROPPER_SIZE;
  return isInside && cells[row * CROPPER_SIZE + column] === 1;
}

function deviation(plane: Uint8Array, left: number, top: number): number {
  let sum = 0;
  let squares = 0;
  for (let y = top; y < top + BLOCK; y++) {
    for (let x = left; x < left + BLOCK; x++) {
      const grey = plane[y * CLIP_SIZE + x]!;
      sum += grey;
      squares += grey * grey;
    }
  }
  const count = BLOCK * BLOCK;
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}
