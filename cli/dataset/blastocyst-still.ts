import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { CLIP_SIZE, FOCAL_PLANES_UM } from "../../core/contracts/clip.ts";
import { cropPlanes, findEmbryo } from "../../core/cropping/look.ts";
import type { SquareWindow } from "../../core/cropping/resample.ts";
import type { EmbryoSegmenter } from "../../core/ports.ts";
import { tissueLabels } from "../../core/pregnancy/tissue-labels.ts";
import { INSTRUMENTS, type PhantomEmbryo, phantomEmbryo, renderMasks, stackPictures } from "../../phantom/index.ts";
import { RandomStream } from "../../phantom/random.ts";
import { digestOf } from "./sources/labels.ts";

/** Which blastocysts are drawn. */
export interface BlastocystDraw {
  readonly seed: number;
  /** Share of stills as from other microscopes: one focal plane for all three. 0..1 */
  readonly otherMicroscopes: number;
}

/** A phantom blastocyst at tMEB, cropped as the crop station would, with what is truly where. */
export interface BlastocystStill {
  readonly embryo: PhantomEmbryo;
  /** A clip of this one time, npz. */
  readonly clip: Uint8Array;
  /** uint8 [224, 224], the centre plane. */
  readonly still: Uint8Array;
  /** uint8 [224, 224], places in `TISSUES`. */
  readonly truth: Uint8Array;
}

const PLANE = CLIP_SIZE ** 2;
const CENTRE = FOCAL_PLANES_UM.indexOf(0);

/**
 * Draws a blastocyst at the capture nearest to its true tMEB. The same draw and index give the same still.
 *
 * @returns null where the cropper finds no embryo
 */
export async function drawBlastocystStill(
  { seed, otherMicroscopes }: BlastocystDraw,
  index: number,
  segmenter: EmbryoSegmenter,
): Promise<BlastocystStill | null> {
  const isOther = new RandomStream(seed, index, "microscope").next() < otherMicroscopes;
  const instrument = isOther ? ({ instrument: "inverted-microscope" } as const) : {};
  const embryo = phantomEmbryo({ seed, index, kind: "blastocyst", ...instrument });
  const hpi = embryo.captureHpi.reduce((best, one) =>
    Math.abs(one - embryo.tMebHpi) < Math.abs(best - embryo.tMebHpi) ? one : best,
  );
  const pictures = await stackPictures(embryo, hpi, isOther ? [0] : FOCAL_PLANES_UM);
  const decoded = await Promise.all(pictures.map(async (bytes) => (await sharpDecoder.decodeGrey(bytes)).image));
  const planes = isOther ? FOCAL_PLANES_UM.map(() => decoded[0]!) : decoded;
  const { window } = await findEmbryo(planes, segmenter);
  if (window === null) return null;
  const frames = cropPlanes(planes, window);
  const clip = npzClipFormat.encode({
    frames,
    hpi: Float32Array.of(hpi),
    meta: {
      schema: "blastograde/clip@1",
      archiveDigest: await digestOf(embryo.embryoId),
      cropperSha256: segmenter.sha256,
      ageYears: embryo.ageYears,
      kind: "time-lapse",
    },
  });
  const still = frames.slice(CENTRE * PLANE, (CENTRE + 1) * PLANE);
  return { embryo, clip, still, truth: truthWithin(embryo, hpi, window) };
}

/** uint8 [224, 224]: where ICM and TE are in a window of the picture; a pixel belongs to what covers most of it. */
function truthWithin(embryo: PhantomEmbryo, hpi: number, window: SquareWindow): Uint8Array {
  const { size } = INSTRUMENTS[embryo.instrument];
  const masks = renderMasks(embryo, hpi);
  return tissueLabels(
    { width: size, height: size, pixels: masks.icm.map((inside) => 255 * inside) },
    { width: size, height: size, pixels: masks.te.map((inside) => 255 * inside) },
    window,
  );
}
