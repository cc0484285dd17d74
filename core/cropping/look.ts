import { CLIP_SIZE } from "../contracts/clip.ts";
import type { Warning } from "../contracts/identifiers.ts";
import { ImageSizesDiffer } from "../errors.ts";
import type { EmbryoSegmenter, GreyImage } from "../ports.ts";
import { type CropWindow, cropWindow } from "./crop-window.ts";
import { cropperInput, type EmbryoMask, embryoPieces } from "./embryo-mask.ts";
import { resample, type SquareWindow } from "./resample.ts";

// Half of a morula's share of the picture in any instrument; below it lie debris and the cropper's specks.
const SMALLEST_EMBRYO_FRACTION = 0.03;

/** What the cropper finds at one time. */
export interface Look {
  /** Null where there is no embryo. */
  readonly mask: EmbryoMask | null;
  readonly window: CropWindow | null;
  /** What else is in the picture, the largest first: another embryo, a part of one, debris. */
  readonly others: readonly EmbryoMask[];
}

/**
 * Finds the embryo in the focal planes of one time. A mask below 3 % of the field is none.
 *
 * @param planes the three chosen planes, in the order of a clip's channels
 * @throws ImageSizesDiffer
 */
export async function findEmbryo(planes: readonly GreyImage[], segmenter: EmbryoSegmenter): Promise<Look> {
  const [first] = planes as [GreyImage];
  for (const plane of planes) refuseOtherSize(plane, first);
  const [probabilities] = await segmenter.segment([cropperInput(planes)]);
  const [mask, ...others] = embryoPieces(first, probabilities!);
  if (mask === undefined || mask.fieldFraction < SMALLEST_EMBRYO_FRACTION) {
    return { mask: null, window: null, others: [] };
  }
  return { mask, window: cropWindow(first, mask), others };
}

/** @throws ImageSizesDiffer */
export function refuseOtherSize(picture: GreyImage, first: GreyImage): void {
  if (picture.width === first.width && picture.height === first.height) return;
  throw new ImageSizesDiffer(
    `The archive has pictures of ${first.width} x ${first.height} and of ${picture.width} x ${picture.height} pixels. ` +
      "Export one embryo, from one instrument, without resizing.",
  );
}

/**
 * Cuts the same square out of each focal plane.
 *
 * @returns uint8 [planes, 224, 224]
 */
export function cropPlanes(planes: readonly GreyImage[], window: SquareWindow): Uint8Array {
  const crop = new Uint8Array(planes.length * CLIP_SIZE * CLIP_SIZE);
  planes.forEach((plane, channel) => {
    crop.set(resample(plane, window, CLIP_SIZE), channel * CLIP_SIZE * CLIP_SIZE);
  });
  return crop;
}

/** Remarks on a mask and its window that the clinic should see. */
export function lookWarnings({ mask, window }: Look): Warning[] {
  const warnings: Warning[] = [];
  if (mask?.touchesEdge) {
    warnings.push({
      code: "EMBRYO_AT_EDGE",
      detail: "The embryo touches the picture's edge, so a part of it may be missing.",
    });
  }
  if (window?.grown) {
    warnings.push({
      code: "CROP_GROWN",
      detail: "The embryo fills more than the usual 80 % crop, which was made larger to hold it.",
    });
  }
  return warnings;
}
