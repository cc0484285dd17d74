import type { GreyImage } from "../ports.ts";

/** A square in pixels of a picture; may reach outside it. */
export interface SquareWindow {
  readonly left: number;
  readonly top: number;
  readonly size: number;
}

/** For each output position the input positions it takes, which follow each other, and their weights, which sum to 1. */
interface Taps {
  /** First input position of each output position. */
  readonly from: Int32Array;
  /** Where each output position's weights begin in `weights`; one place more than there are positions. */
  readonly begins: Int32Array;
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
  const firstRow = down.from[0]!;
  const narrowed = narrow(image, across, firstRow, lastPosition(down), outputSize);

  const output = new Uint8Array(outputSize * outputSize);
  const sums = new Float64Array(outputSize);
  for (let y = 0; y < outputSize; y++) {
    sums.fill(0);
    const [begin, end] = [down.begins[y]!, down.begins[y + 1]!];
    for (let t = begin; t < end; t++) {
      const weight = down.weights[t]!;
      const row = (down.from[y]! + t - begin - firstRow) * outputSize;
      for (let x = 0; x < outputSize; x++) sums[x]! += weight * narrowed[row + x]!;
    }
    for (let x = 0; x < outputSize; x++) output[y * outputSize + x] = Math.round(sums[x]!);
  }
  return output;
}

/** Resizes across alone: float64 [lastRow - firstRow + 1, outputSize]. */
function narrow(
  { width, pixels }: GreyImage,
  { from, begins, weights }: Taps,
  firstRow: number,
  lastRow: number,
  outputSize: number,
): Float64Array {
  const narrowed = new Float64Array((lastRow - firstRow + 1) * outputSize);
  for (let y = firstRow; y <= lastRow; y++) {
    for (let x = 0; x < outputSize; x++) {
      const begin = begins[x]!;
      const end = begins[x + 1]!;
      const shift = y * width + from[x]! - begin;
      let sum = 0;
      for (let t = begin; t < end; t++) sum += weights[t]! * pixels[shift + t]!;
      narrowed[(y - firstRow) * outputSize + x] = sum;
    }
  }
  return narrowed;
}

function lastPosition({ from, begins, weights }: Taps): number {
  const last = from.length - 1;
  return from[last]! + weights.length - begins[last]! - 1;
}

function taps(start: number, size: number, outputSize: number, inputSize: number): Taps {
  const scale = size / outputSize;
  const reach = Math.max(scale, 1);
  const from = new Int32Array(outputSize);
  const begins = new Int32Array(outputSize + 1);
  const weights: number[] = [];
  for (let position = 0; position < outputSize; position++) {
    const centre = start + (position + 0.5) * scale - 0.5;
    const begin = weights.length;
    let [last, total] = [-1, 0];
    for (let index = Math.ceil(centre - reach); index <= centre + reach; index++) {
      const weight = 1 - Math.abs(index - centre) / reach;
      if (weight <= 0) continue;
      const inside = Math.min(Math.max(index, 0), inputSize - 1);
      // Beyond the border its pixel takes all weights there.
      if (inside === last) weights[weights.length - 1]! += weight;
      else weights.push(weight);
      if (last < 0) from[position] = inside;
      last = inside;
    }
    for (let t = begin; t < weights.length; t++) total += weights[t]!;
    for (let t = begin; t < weights.length; t++) weights[t]! /= total;
    begins[position + 1] = weights.length;
  }
  return { from, begins, weights: Float64Array.from(weights) };
}
