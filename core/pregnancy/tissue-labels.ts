import { CLIP_SIZE } from "../contracts/clip.ts";
import { TISSUE_LABEL } from "../contracts/segmentation.ts";
import { resample, type SquareWindow } from "../cropping/resample.ts";
import type { GreyImage } from "../ports.ts";

/**
 * Brings outlines of ICM and TE to a crop.
 *
 * @param icm, te 0 or 255 per pixel of the whole picture
 * @returns uint8 [224, 224], places in `TISSUES`; where both cover a pixel alike, ICM
 */
export function tissueLabels(icm: GreyImage, te: GreyImage, window: SquareWindow): Uint8Array {
  const ofIcm = resample(icm, window, CLIP_SIZE);
  const ofTe = resample(te, window, CLIP_SIZE);
  return ofIcm.map((icmCover, p) => {
    const teCover = ofTe[p]!;
    if (icmCover > 127 && icmCover >= teCover) return TISSUE_LABEL.icm;
    return teCover > 127 ? TISSUE_LABEL.te : TISSUE_LABEL.other;
  });
}
