import { CLIP_SIZE } from "../contracts/clip.ts";
import { median } from "../statistics/median.ts";
import { type EmbryoMask, isInMask } from "./embryo-mask.ts";
import type { SquareWindow } from "./resample.ts";

const BLOCK = 8;
const EARLY_FRAMES = 5;
// Within half the radius lies the cavity of a blastocyst, or the cells of a morula, and no zona.
const CENTRE = 0.5;
const ROUGHEST = 0.8;

/** What speaks for a blastocyst: size and growth of the masks, and a smooth cavity within a granular rim. */
export interface ExpansionEvidence {
  /** The mask's area at tMEB over the square of the picture's shorter side. */
  readonly fieldFraction: number;
  /** Area at tMEB over the median area of the sequence's first five frames. */
  readonly growth: number;
  /**
   * Local contrast in the embryo's middle over that of its roughest parts, 0 to about 1: a cavity is smooth where a morula
   * is as granular as anywhere.
   */
  readonly centreContrast: number;
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
  return {
    fieldFraction,
    growth: fieldFraction / median(areas.slice(0, EARLY_FRAMES)),
    centreContrast: centreContrast(crop, mask, window),
  };
}

/**
 * Local contrast in the embryo's middle over that of its roughest parts, 0 to about 1.
 *
 * @param crop uint8 [3, 224, 224], of which the centre plane is looked at
 * @returns 1 where there is no contrast, or no middle: no sign of a cavity
 */
export function centreContrast(crop: Uint8Array, mask: EmbryoMask, window: SquareWindow): number {
  const blocks = blockContrasts(crop.subarray(CLIP_SIZE * CLIP_SIZE, 2 * CLIP_SIZE * CLIP_SIZE), mask, window);
  const radius = Math.sqrt(mask.area / Math.PI);
  const central = blocks.filter(({ distance }) => distance <= CENTRE * radius);
  const sorted = blocks.map(({ contrast }) => contrast).sort((a, b) => a - b);
  const roughest = sorted[Math.floor(sorted.length * ROUGHEST)] ?? 0;
  return roughest === 0 || central.length === 0 ? 1 : median(central.map(({ contrast }) => contrast)) / roughest;
}

interface Block {
  /** Standard deviation of grey. */
  readonly contrast: number;
  /** From the mask's centre of mass, in pixels of the original picture. */
  readonly distance: number;
}

/** The 8 x 8 blocks whose centre lies within the mask. */
function blockContrasts(plane: Uint8Array, mask: EmbryoMask, window: SquareWindow): Block[] {
  const blocks: Block[] = [];
  for (let top = 0; top < CLIP_SIZE; top += BLOCK) {
    for (let left = 0; left < CLIP_SIZE; left += BLOCK) {
      const x = window.left + ((left + BLOCK / 2) * window.size) / CLIP_SIZE;
      const y = window.top + ((top + BLOCK / 2) * window.size) / CLIP_SIZE;
      if (!isInMask(mask, x, y)) continue;
      const distance = Math.hypot(x - mask.centre.x, y - mask.centre.y);
      blocks.push({ contrast: deviation(plane, left, top), distance });
    }
  }
  return blocks;
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
