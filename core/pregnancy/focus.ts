import { CLIP_SIZE } from "../contracts/clip.ts";
import type { Warning } from "../contracts/identifiers.ts";
import { ATTENTION_SIZE, type Focus } from "../contracts/prediction.ts";
import { CELL_PX } from "./attention-cells.ts";
import type { TissueMasks } from "./tissue-masks.ts";

/**
 * Brings a Grad-CAM map to a picture's size, bilinearly between the places its cells look from; beyond the outermost ones the
 * values of the border are repeated. Where they look from the middle of their own pixels (15.5) it is PyTorch's
 * `interpolate(mode="bilinear", align_corners=False)`.
 *
 * @param attention [7, 7] row by row
 * @param firstCellPx as of `firstCellCentrePx`
 * @param size side of the result in pixels, a whole number from 1 on
 * @returns float64 [size, size]
 * @throws RangeError for a map of another size
 */
export function upsampleAttention(
  attention: readonly number[],
  firstCellPx: number,
  size: number = CLIP_SIZE,
): Float64Array {
  if (attention.length !== ATTENTION_SIZE ** 2) throw new RangeError(`a map of ${attention.length} cells, not [7, 7]`);
  const between = Array.from({ length: size }, (_, pixel) => {
    const ofStill = ((pixel + 0.5) * CLIP_SIZE) / size - 0.5;
    const place = Math.min(ATTENTION_SIZE - 1, Math.max(0, (ofStill - firstCellPx) / CELL_PX));
    const from = Math.floor(place);
    return { from, to: Math.min(from + 1, ATTENTION_SIZE - 1), share: place - from };
  });
  const map = new Float64Array(size * size);
  for (const [y, down] of between.entries()) {
    for (const [x, across] of between.entries()) {
      const inRow = (row: number) => {
        const left = attention[row * ATTENTION_SIZE + across.from]!;
        return left + across.share * (attention[row * ATTENTION_SIZE + across.to]! - left);
      };
      const above = inRow(down.from);
      map[y * size + x] = above + down.share * (inRow(down.to) - above);
    }
  }
  return map;
}

/**
 * What a Grad-CAM map of a still peaks on: the tissue of the very pixel, without a tolerance, though a map of cells of 32
 * pixels says no more than about where it looked.
 *
 * Of equal maxima the one nearest the picture's centre counts, then the first in reading order. A peak in an outermost cell
 * is repeated up to the picture's edge, and only its innermost pixel lies where the network looked.
 *
 * @param attention [7, 7] row by row, from 0 on
 * @param firstCellPx as of `firstCellCentrePx`
 * @returns `none` for a map that is zero everywhere
 * @see Kim et al. 2024, Table 3, where embryologists judged regions by eye
 */
export function attentionFocus(attention: readonly number[], { icm, te }: TissueMasks, firstCellPx: number): Focus {
  if (attention.every((value) => value === 0)) return "none";
  const peak = peakOf(upsampleAttention(attention, firstCellPx));
  if (icm[peak] === 1) return "icm";
  return te[peak] === 1 ? "te" : "other";
}

/**
 * How far a Grad-CAM map's peak, as in {@link attentionFocus}, lies from the nearest pixel of ICM or TE; 0 on one of them.
 *
 * @param attention [7, 7] row by row, from 0 on
 * @param firstCellPx as of `firstCellCentrePx`
 * @returns pixels of the still; null for a map that is zero everywhere, and where neither tissue was found
 */
export function focusDistancePx(
  attention: readonly number[],
  { icm, te }: TissueMasks,
  firstCellPx: number,
): number | null {
  if (attention.every((value) => value === 0)) return null;
  const peak = peakOf(upsampleAttention(attention, firstCellPx));
  const [x, y] = [peak % CLIP_SIZE, Math.floor(peak / CLIP_SIZE)];
  let nearest = Number.POSITIVE_INFINITY;
  for (let pixel = 0; pixel < icm.length; pixel++) {
    if (icm[pixel] === 0 && te[pixel] === 0) continue;
    nearest = Math.min(nearest, ((pixel % CLIP_SIZE) - x) ** 2 + (Math.floor(pixel / CLIP_SIZE) - y) ** 2);
  }
  return nearest === Number.POSITIVE_INFINITY ? null : Math.sqrt(nearest);
}

/** A warning for a score that does not rest on ICM or TE: `FOCUS_ELSEWHERE`, `FOCUS_NONE`. */
export function focusWarnings(focus: Focus): Warning[] {
  if (focus === "other") {
    const detail =
      "The pregnancy score rests most on a place outside ICM and TE. Look at its picture before you use it.";
    return [{ code: "FOCUS_ELSEWHERE", detail }];
  }
  if (focus === "none") {
    const detail = "Nothing in the picture speaks for a pregnancy: the map of where the network looked is empty.";
    return [{ code: "FOCUS_NONE", detail }];
  }
  return [];
}

function peakOf(map: Float64Array): number {
  let peak = 0;
  for (let pixel = 1; pixel < map.length; pixel++) {
    const isHigher = map[pixel]! > map[peak]!;
    if (isHigher || (map[pixel] === map[peak] && fromCentre(pixel) < fromCentre(peak))) peak = pixel;
  }
  return peak;
}

/** Squared distance to the picture's centre. */
function fromCentre(pixel: number): number {
  const centre = (CLIP_SIZE - 1) / 2;
  return ((pixel % CLIP_SIZE) - centre) ** 2 + (Math.floor(pixel / CLIP_SIZE) - centre) ** 2;
}
