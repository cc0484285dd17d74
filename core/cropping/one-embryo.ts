import type { Warning } from "../contracts/identifiers.ts";
import { NoEmbryo, SeveralEmbryos } from "../errors.ts";
import { CROPPER_SIZE, type EmbryoMask } from "./embryo-mask.ts";
import type { Look } from "./look.ts";

// Half the diameter: what a morula has beside an expanded blastocyst.
const COMPARABLE_AREA = 0.25;
// Of the field: a part of an embryo. Below it lie the cropper's specks.
const NEIGHBOUR_FRACTION = 0.01;
// Two equal discs that touch have 2.2, phantoms that do at least 1.8, half a disc 1.9; a hatching blastocyst can have as much.
const ELONGATED = 1.75;

/**
 * Refuses a picture of more than one whole embryo. A second one counts if it has at least a quarter of the largest one's
 * area and is not cut off by the picture's edge.
 *
 * @throws SeveralEmbryos
 */
export function refuseSeveralEmbryos({ mask, others }: Look): void {
  const whole = others.filter((other) => mask !== null && isComparable(other, mask) && !other.touchesEdge);
  if (whole.length === 0) return;
  throw new SeveralEmbryos(
    `The picture shows ${whole.length + 1} embryos, and nothing says which one is meant. ` +
      "Cut it to one embryo, or photograph each by itself, and upload again.",
  );
}

/**
 * Refuses a picture in which more than about half of the embryo lies beyond the edge: most likely nobody meant that one.
 *
 * @throws NoEmbryo
 */
export function refuseCutOffEmbryo({ mask }: Look): void {
  if (!mask?.touchesEdge || elongation(mask) < ELONGATED) return;
  throw new NoEmbryo(
    "Only a part of an embryo is seen, cut off by the picture's edge. Photograph the whole embryo and upload again.",
  );
}

/** Remarks on what else lies in the picture, or may lie within the mask. */
export function neighbourWarnings({ mask, others }: Look): Warning[] {
  if (mask === null) return [];
  const warnings: Warning[] = [];
  if (others.some(({ fieldFraction }) => fieldFraction >= NEIGHBOUR_FRACTION)) {
    warnings.push({
      code: "NEIGHBOUR",
      detail: "Something else lies in the picture, such as a part of another embryo; the largest shape was graded.",
    });
  }
  const length = elongation(mask);
  if (length >= ELONGATED) {
    warnings.push({
      code: "EMBRYO_ELONGATED",
      detail:
        `What was taken for the embryo is ${length.toFixed(1)} times as long as wide. If it is two embryos that touch, and not ` +
        "one that hatches, these grades mean nothing.",
    });
  }
  return warnings;
}

function isComparable(other: EmbryoMask, largest: EmbryoMask): boolean {
  return other.area >= COMPARABLE_AREA * largest.area;
}

/** Length over width, by the second moments of the mask's cells: 1 for a disc, 2 for an ellipse twice as long as wide. */
function elongation({ cells }: EmbryoMask): number {
  let [count, sumX, sumY, sumXx, sumYy, sumXy] = [0, 0, 0, 0, 0, 0];
  cells.forEach((inside, cell) => {
    if (inside === 0) return;
    const x = cell % CROPPER_SIZE;
    const y = Math.floor(cell / CROPPER_SIZE);
    count++;
    sumX += x;
    sumY += y;
    sumXx += x * x;
    sumYy += y * y;
    sumXy += x * y;
  });
  // A cell is a square, not a point.
  const ofCell = 1 / 12;
  const across = sumXx / count - (sumX / count) ** 2 + ofCell;
  const down = sumYy / count - (sumY / count) ** 2 + ofCell;
  const both = sumXy / count - (sumX / count) * (sumY / count);
  const half = (across + down) / 2;
  const spread = Math.hypot((across - down) / 2, both);
  return Math.sqrt((half + spread) / (half - spread));
}
