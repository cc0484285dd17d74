import { basename } from "node:path";
import { CLIP_SIZE, FOCAL_PLANES_UM } from "../../core/contracts/clip.ts";
import type { Warning } from "../../core/contracts/identifiers.ts";
import { TISSUE_LABEL } from "../../core/contracts/segmentation.ts";
import { findEmbryo, lookWarnings } from "../../core/cropping/look.ts";
import { resample } from "../../core/cropping/resample.ts";
import { BlastogradeError, errorAt, isBlastogradeError } from "../../core/errors.ts";
import type { EmbryoSegmenter, GreyImage, PictureDecoder } from "../../core/ports.ts";
import { tissueLabels } from "../../core/pregnancy/tissue-labels.ts";
import type { OutlinedPicture } from "./outlined-pictures.ts";
import { readPicture } from "./sources/labels.ts";

/** A mask has other pixels than its picture. */
class MaskSizeDiffers extends BlastogradeError {
  readonly code = "MASK_SIZE_DIFFERS";
  readonly retryable = false;
}

/** A mask is no outline: it has greys in it. */
class MaskNotBlackAndWhite extends BlastogradeError {
  readonly code = "MASK_NOT_BLACK_AND_WHITE";
  readonly retryable = false;
}

/** Nothing is white in a mask. */
class MaskEmpty extends BlastogradeError {
  readonly code = "MASK_EMPTY";
  readonly retryable = false;
}

/** The cropper sees no embryo. */
class EmbryoNotFound extends BlastogradeError {
  readonly code = "EMBRYO_NOT_FOUND";
  readonly retryable = false;
}

/** The crop has nothing of what was outlined: the cropper looked elsewhere. */
class MaskOutsideCrop extends BlastogradeError {
  readonly code = "MASK_OUTSIDE_CROP";
  readonly retryable = false;
}

const BLACK_AT_MOST = 63;
const WHITE_AT_LEAST = 192;
// What a lossy format leaves along an outline.
const GREY_SHARE = 0.01;

/** A real picture as the segmenter takes it, and what somebody outlined in it. */
export interface OutlinedStill {
  /** uint8 [224, 224]. */
  readonly still: Uint8Array;
  /** uint8 [224, 224], places in `TISSUES`. */
  readonly truth: Uint8Array;
  /** What the crop station would remark. */
  readonly warnings: readonly Warning[];
}

/**
 * Crops a picture as serving does, as all three planes of one time, and brings its masks to the crop.
 *
 * @throws MaskSizeDiffers; MaskNotBlackAndWhite; MaskEmpty; EmbryoNotFound; MaskOutsideCrop; FileUnreadable; what decoding throws
 */
export async function outlinedStill(
  { picture, icm, te }: Pick<OutlinedPicture, "picture" | "icm" | "te">,
  ports: { readonly segmenter: EmbryoSegmenter; readonly pictures: PictureDecoder },
): Promise<OutlinedStill> {
  const { image, warnings } = await decoded(picture, ports.pictures);
  const ofIcm = await readMask(icm, image, ports.pictures);
  const ofTe = await readMask(te, image, ports.pictures);
  const planes = FOCAL_PLANES_UM.map(() => image);
  const look = await findEmbryo(planes, ports.segmenter);
  if (look.window === null) throw new EmbryoNotFound(`${basename(picture)}: the cropper sees no embryo.`);
  const truth = tissueLabels(ofIcm, ofTe, look.window);
  if (!truth.includes(TISSUE_LABEL.icm) || !truth.includes(TISSUE_LABEL.te)) {
    throw new MaskOutsideCrop(`${basename(picture)}: the crop has no ICM or no TE in it; the cropper looks elsewhere.`);
  }
  return { still: resample(image, look.window, CLIP_SIZE), truth, warnings: [...warnings, ...lookWarnings(look)] };
}

/** @returns 0 and 255 alone */
async function readMask(file: string, { width, height }: GreyImage, pictures: PictureDecoder): Promise<GreyImage> {
  const { image } = await decoded(file, pictures);
  const name = basename(file);
  if (image.width !== width || image.height !== height) {
    throw new MaskSizeDiffers(`${name} is ${image.width} x ${image.height}, and its picture ${width} x ${height}.`);
  }
  const greys = image.pixels.filter((grey) => grey > BLACK_AT_MOST && grey < WHITE_AT_LEAST).length;
  if (greys > GREY_SHARE * image.pixels.length) {
    throw new MaskNotBlackAndWhite(`${name} has ${greys} pixels that are neither black nor white; it is no mask.`);
  }
  const pixels = image.pixels.map((grey) => (grey > 127 ? 255 : 0));
  if (!pixels.includes(255)) throw new MaskEmpty(`${name} has no white pixel.`);
  return { width, height, pixels };
}

async function decoded(file: string, pictures: PictureDecoder) {
  const bytes = await readPicture(file);
  try {
    return await pictures.decodeGrey(bytes);
  } catch (error) {
    throw isBlastogradeError(error) ? errorAt(basename(file), error) : error;
  }
}
