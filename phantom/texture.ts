import { boxBlur } from "./blur.ts";
import { mix, RandomStream } from "./random.ts";

/** Side of the grain tile; a power of two, so that indices wrap with a mask. */
export const GRAIN_SIDE = 256;
const NOISE_LENGTH = 1 << 16;

let grain: Float32Array | undefined;
let granules: Float32Array | undefined;
let noise: Float32Array | undefined;

/** Granular cytoplasm: a tile of mean 0 and standard deviation 1, of fine grains with a little unevenness between them. */
export function grainTile(): Float32Array {
  grain ??= makeGrain();
  return grain;
}

/** Granules as the microscope resolves them: mean 0, standard deviation about 1, hardly larger than a working pixel. */
export function granuleTile(): Float32Array {
  if (!granules) {
    const random = new RandomStream("granules");
    granules = Float32Array.from({ length: GRAIN_SIDE * GRAIN_SIDE }, () => 1.5 * random.gauss());
    boxBlur(granules, new Float32Array(granules.length), GRAIN_SIDE, GRAIN_SIDE, 0.14);
  }
  return granules;
}

/** Camera noise: mean 0, standard deviation 1. Rows of a picture start at hashed places of it, see `noiseStart`. */
export function noiseRibbon(): Float32Array {
  if (!noise) {
    const random = new RandomStream("noise");
    noise = Float32Array.from({ length: NOISE_LENGTH }, () => random.gauss());
  }
  return noise;
}

/** Where in the ribbon a row of a picture starts; `room` values follow. */
export function noiseStart(pictureKey: number, row: number, room: number): number {
  return mix(pictureKey, row) % (NOISE_LENGTH - room);
}

function makeGrain(): Float32Array {
  const random = new RandomStream("grain");
  const fine = Float32Array.from({ length: GRAIN_SIDE * GRAIN_SIDE }, () => random.gauss());
  const coarse = Float32Array.from(fine);
  const scratch = new Float32Array(fine.length);
  boxBlur(fine, scratch, GRAIN_SIDE, GRAIN_SIDE, 0.45);
  boxBlur(coarse, scratch, GRAIN_SIDE, GRAIN_SIDE, 2);
  const tile = fine.map((value, i) => value + 1.1 * coarse[i]!);
  const mean = tile.reduce((sum, value) => sum + value, 0) / tile.length;
  const deviation = Math.sqrt(tile.reduce((sum, value) => sum + (value - mean) ** 2, 0) / tile.length);
  return tile.map((value) => (value - mean) / deviation);
}
