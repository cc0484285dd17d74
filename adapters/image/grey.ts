import type { GreyImage } from "../../core/ports.ts";

/** Interleaved 8-bit channels: red, green, blue or grey first, anything after them ignored. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly pixels: Uint8Array;
}

/**
 * How far apart the channels of a pixel may lie in a grey picture. Rounding in JPEG's colour space and a camera's
 * slight tint stay below; stains and coloured overlays do not.
 */
const GREY_SPREAD = 8;

/**
 * Luma after Rec. 601, in the integers that PIL uses: a grey stored as red = green = blue keeps its exact value, and
 * the same picture as BMP and as PNG gives the same grey.
 *
 * @returns the picture and whether any pixel was visibly coloured
 */
export function toGrey({ width, height, channels, pixels }: Raster): { image: GreyImage; coloured: boolean } {
  const grey = new Uint8Array(width * height);
  let spread = 0;
  for (let pixel = 0; pixel < grey.length; pixel++) {
    const at = pixel * channels;
    if (channels < 3) {
      grey[pixel] = pixels[at]!;
      continue;
    }
    const red = pixels[at]!;
    const green = pixels[at + 1]!;
    const blue = pixels[at + 2]!;
    grey[pixel] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
    if (red === green && green === blue) continue;
    spread = Math.max(spread, red - green, green - red, red - blue, blue - red, green - blue, blue - green);
  }
  return { image: { width, height, pixels: grey }, coloured: spread > GREY_SPREAD };
}

/**
 * Brings 16-bit values to 8 bits by dropping the low ones. Cameras of 12 bits store them at the lower end: a picture
 * whose colours stay below 4096 throughout is taken as 12-bit, or it would come out black.
 *
 * Decided picture by picture, without a look at its neighbours: a frame of a 16-bit archive that is so dark throughout
 * comes out 16 times brighter than they do, and 8-bit values stored in 16 bits come out nearly black.
 *
 * @param channels interleaved in `values`; those after the first, or after the first three, are no colour
 * @returns the values, of which only those of colours mean anything, and how many bits the picture was taken to have
 */
export function toEightBits(values: Uint16Array, channels: number): { pixels: Uint8Array; bits: 12 | 16 } {
  const colours = channels < 3 ? 1 : 3;
  let maximum = 0;
  // Alpha is 65535 where nothing is transparent, whatever the camera's bits.
  for (let index = 0; index < values.length; index++) {
    if (index % channels < colours) maximum = Math.max(maximum, values[index]!);
  }
  const bits = maximum < 4096 ? 12 : 16;

  const pixels = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index++) pixels[index] = values[index]! >> (bits - 8);
  return { pixels, bits };
}
