import type { GreyImage } from "../ports.ts";

/** A square in pixels of a picture; may reach outside it. */
export interface SquareWindow {
  readonly left: number;
  readonly top: number;
  readonly size: number;
}

interface Taps {
  readonly indices: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Cuts a square out of a picture and resizes it, by a separable triangle filter that widens when shrinking, so that
 * nothing aliases. Outside the picture its border is repeated. Plain arithmetic in a fixed order: the same bytes on
 * every machine, which is why this is ours and not the image library's.
 *
 * @param outputSize side of the result in pixels
 * @returns uint8 [outputSize, outputSize]
 */
export function resample(image: GreyImage, window: SquareWindow, outputSize: number): Uint8Array {
  const across = taps(window.left, window.size, outputSize, image.width);
  const down = taps(window.top, window.size, outputSize, image.height);
  const firstRow = down.reduce((first, { indices }) => Math.min(first, indices[0]!), image.height - 1);
  const lastRow = down.reduce((last, { indices }) => Math.max(last, indices[indices.length - 1]!), 0);

  const narrowed = new Float64Array((lastRow - firstRow + 1) * outputSize);
  for (let y = firstRow; y <= lastRow; y++) {
    for (let x = 0; x < outputSize; x++) {
      const { indices, weights } = across[x]!;
      let sum = 0;
      for (let t = 0; t < indices.length; t++) sum += weights[t]! * image.pixels[y * image.width + indices[t]!]!;
      narrowed[(y - firstRow) * outputSize + x] = sum;
    }
  }

  const output = new Uint8Array(outputSize * outputSize);
  for (let y = 0; y < outputSize; y++) {
    const { indices, weights } = down[y]!;
    for (let x = 0; x < outputSize; x++) {
      let sum = 0;
      for (let t = 0; t < indices.length; t++)
        sum += weights[t]! * narrowed[(indices[t]! - firstRow) * outputSize + x]!;
      output[y * outputSize + x] = Math.round(sum);
    }
  }
  return output;
}

/** For each output position the input positions it takes, ascending, and their weights, which sum to 1. */
function taps(start: number, size: number, outputSize: number, inputSize: number): Taps[] {
  const scale = size / outputSize;
  const reach = Math.max(scale, 1);
  return Array.from({ length: outputSize }, (_, position) => {
    const centre = start + (position + 0.5) * scale - 0.5;
    const weightOf = new Map<number, number>();
    for (let index = Math.ceil(centre - reach); index <= centre + reach; index++) {
      const inside = Math.min(Math.max(index, 0), inputSize - 1);
      const weight = 1 - Math.abs(index - centre) / reach;
      if (weight > 0) weightOf.set(inside, (weightOf.get(inside) ?? 0) + weight);
    }
    const total = [...weightOf.values()].reduce((sum, weight) => sum + weight, 0);
    return {
      indices: Int32Array.from(weightOf.keys()),
      weights: Float64Array.from(weightOf.values(), (weight) => weight / total),
    };
  });
}
