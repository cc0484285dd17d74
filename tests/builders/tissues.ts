import fc from "fast-check";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { TISSUES, type Tissue } from "../../core/contracts/segmentation.ts";
import type { TissueMasks } from "../../core/pregnancy/tissue-masks.ts";

const PIXELS = CLIP_SIZE ** 2;

/** A disc of ICM and a ring of TE around the same centre, in pixels of the still. */
export function discAndRing({ icmRadius = 40, teFrom = 80, teTo = 95, x = 111.5, y = 111.5 } = {}): TissueMasks {
  const within = (inside: (radius: number) => boolean) =>
    Uint8Array.from({ length: PIXELS }, (_, pixel) => {
      return inside(Math.hypot((pixel % CLIP_SIZE) - x, Math.floor(pixel / CLIP_SIZE) - y)) ? 1 : 0;
    });
  return { icm: within((radius) => radius < icmRadius), te: within((radius) => radius >= teFrom && radius < teTo) };
}

/** A segmenter's softmax that is nearly sure of one tissue a pixel. @param tissueAt by the pixel's place */
export function softmaxOf(tissueAt: (pixel: number) => Tissue): Float32Array {
  const probabilities = new Float32Array(3 * PIXELS).fill(0.05);
  for (let pixel = 0; pixel < PIXELS; pixel++) probabilities[TISSUES.indexOf(tissueAt(pixel)) * PIXELS + pixel] = 0.9;
  return probabilities;
}

/** Any picture of 224 x 224: noise of a seed. */
export const anyStill: fc.Arbitrary<Uint8Array> = fc.integer({ min: 1 }).map((seed) => noise(seed, 256));

/** Any two masks that do not overlap. */
export const anyMasks: fc.Arbitrary<TissueMasks> = fc.integer({ min: 1 }).map((seed) => {
  const labels = noise(seed, 3);
  return { icm: labels.map((label) => Number(label === 1)), te: labels.map((label) => Number(label === 2)) };
});

function noise(seed: number, values: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: PIXELS }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 16) % values;
  });
}
