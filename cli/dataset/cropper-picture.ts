import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { FOCAL_PLANES_UM } from "../../core/contracts/clip.ts";
import { CROPPER_SIZE, cropperView } from "../../core/cropping/embryo-mask.ts";
import { resample, type SquareWindow } from "../../core/cropping/resample.ts";
import type { GreyImage } from "../../core/ports.ts";
import {
  type InstrumentName,
  type PhantomKind,
  phantomEmbryo,
  renderMasks,
  stackPictures,
} from "../../phantom/index.ts";
import { RandomStream } from "../../phantom/random.ts";
import { asFromOtherMicroscope } from "./other-microscopes.ts";

export interface CropperPicture {
  readonly index: number;
  /** uint8 [3, 64, 64]. */
  readonly picture: Uint8Array;
  /** 0/1 [64, 64]. */
  readonly mask: Uint8Array;
}

/**
 * Draws a picture for the cropper's training: any stage, any instrument, whole wells and closer views, bright and dark.
 * The same seed and index give the same picture; every index is another embryo.
 */
export async function drawCropperPicture(seed: number, index: number): Promise<CropperPicture> {
  const random = new RandomStream(seed, index, "cropper");
  const kind = kindOf(random.next());
  const embryo = phantomEmbryo({ seed, index, kind, instrument: instrumentOf(random.next()) });
  // Blastocysts, for the most part: they are what is graded. The others show any day.
  const hpi = random.next() < 0.75 ? random.between(88, 126) : random.between(20, 88);
  const pictures = await stackPictures(embryo, hpi, FOCAL_PLANES_UM);
  const planes = await Promise.all(pictures.map(async (bytes) => (await sharpDecoder.decodeGrey(bytes)).image));
  const { width, height } = planes[0]!;
  const truth: GreyImage = { width, height, pixels: renderMasks(embryo, hpi).embryo.map((inside) => 255 * inside) };
  const window = random.next() < 0.5 ? cropperView(truth) : closerView(truth, random);

  const mask = resample(truth, window, CROPPER_SIZE).map((coverage) => (coverage > 127 ? 1 : 0));
  const small = planes.map((plane) => resample(plane, window, CROPPER_SIZE));
  if (random.next() < 0.35) asFromOtherMicroscope(small, mask, random);
  const tone = toneCurve(random);
  const picture = new Uint8Array(3 * CROPPER_SIZE ** 2);
  small.forEach((plane, channel) => {
    picture.set(
      plane.map((grey) => tone[grey]!),
      channel * CROPPER_SIZE ** 2,
    );
  });
  // Stills have one plane for all three.
  if (random.next() < 0.2)
    for (const channel of [0, 2])
      picture.copyWithin(channel * CROPPER_SIZE ** 2, CROPPER_SIZE ** 2, 2 * CROPPER_SIZE ** 2);
  return { index, picture, mask };
}

/** The paper's share of wells without an embryo, 617 of 2126. Kragh et al. 2019, appendix. */
function kindOf(draw: number): PhantomKind {
  if (draw < 0.29) return "empty";
  if (draw < 0.37) return "arrested";
  return draw < 0.45 ? "cleavage" : "blastocyst";
}

/** As many from the paper's two incubators as from any other microscope. */
function instrumentOf(draw: number): InstrumentName {
  if (draw < 0.5) return "inverted-microscope";
  return draw < 0.75 ? "embryoscope" : "embryoscope-plus";
}

/** A square around the embryo (or anywhere in an empty well) as other microscopes frame it, without the well's ring. */
function closerView({ width, height, pixels }: GreyImage, random: RandomStream): SquareWindow {
  let x = 0;
  let y = 0;
  let count = 0;
  pixels.forEach((inside, p) => {
    if (inside === 0) return;
    x += p % width;
    y += Math.floor(p / width);
    count++;
  });
  const diameter = 2 * Math.sqrt(count / Math.PI);
  const size = count === 0 ? width * random.between(0.4, 0.9) : diameter * random.between(1.05, 1.7);
  const centre = count === 0 ? { x: width / 2, y: height / 2 } : { x: x / count, y: y / count };
  const drift = (size - diameter) / 2;
  return {
    left: Math.round(centre.x - size / 2 + (count === 0 ? 0 : drift * random.between(-0.9, 0.9))),
    top: Math.round(centre.y - size / 2 + (count === 0 ? 0 : drift * random.between(-0.9, 0.9))),
    size: Math.round(size),
  };
}

/** Another lamp and another camera: gamma, contrast and brightness, as a table of 256 greys. */
function toneCurve(random: RandomStream): Uint8Array {
  const gamma = random.between(0.6, 1.6);
  const contrast = random.between(0.6, 1.6);
  const brightness = random.between(-40, 40);
  return Uint8Array.from({ length: 256 }, (_, grey) => {
    const toned = (255 * (grey / 255) ** gamma - 128) * contrast + 128 + brightness;
    return Math.min(255, Math.max(0, Math.round(toned)));
  });
}
