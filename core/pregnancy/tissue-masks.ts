import { CLIP_SIZE } from "../contracts/clip.ts";
import type { Warning } from "../contracts/identifiers.ts";
import { TISSUES } from "../contracts/segmentation.ts";

const PIXELS = CLIP_SIZE ** 2;
/** A speck of less, about a hundredth of an ICM, is noise and no tissue. */
const SMALLEST_TISSUE_PX = 20;

/** Where the ICM and the TE lie in a still: uint8 [224, 224] each, 1 within and 0 elsewhere; they do not overlap. */
export interface TissueMasks {
  readonly icm: Uint8Array;
  readonly te: Uint8Array;
}

/**
 * Masks from the segmenter's softmax: a pixel is what is most probable there; of equally probable tissues the first of
 * `TISSUES`. What the network says stands, holes and loose pieces included, but for a tissue of fewer than 20 pixels in
 * all, which counts as not found: its mask is empty.
 *
 * @param probabilities float32 [3, 224, 224] in the order of `TISSUES`
 * @throws RangeError for another number of values
 */
export function tissueMasks(probabilities: Float32Array): TissueMasks {
  if (probabilities.length !== TISSUES.length * PIXELS) throw new RangeError("probabilities are not [3, 224, 224]");
  const masks = { icm: new Uint8Array(PIXELS), te: new Uint8Array(PIXELS) };
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const other = probabilities[pixel]!;
    const icm = probabilities[PIXELS + pixel]!;
    const te = probabilities[2 * PIXELS + pixel]!;
    if (icm > other && icm >= te) masks.icm[pixel] = 1;
    else if (te > other && te > icm) masks.te[pixel] = 1;
  }
  for (const mask of [masks.icm, masks.te]) if (area(mask) < SMALLEST_TISSUE_PX) mask.fill(0);
  return masks;
}

/** A warning for each tissue that was not found: `ICM_NOT_FOUND`, `TE_NOT_FOUND`. */
export function missingTissueWarnings({ icm, te }: TissueMasks): Warning[] {
  const warning = (code: string, tissue: string) => ({
    code,
    detail: `No ${tissue} was found in the picture; the pregnancy score was made without it. Look at the picture.`,
  });
  return [
    ...(area(icm) === 0 ? [warning("ICM_NOT_FOUND", "inner cell mass")] : []),
    ...(area(te) === 0 ? [warning("TE_NOT_FOUND", "trophectoderm")] : []),
  ];
}

function area(mask: Uint8Array): number {
  return mask.reduce((sum, inside) => sum + inside, 0);
}
