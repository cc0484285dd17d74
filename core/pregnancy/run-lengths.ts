import { CLIP_SIZE } from "../contracts/clip.ts";
import { PredictionInvalid } from "../errors.ts";

const PIXELS = CLIP_SIZE ** 2;

/**
 * A mask as the lengths of its runs, row by row: outside, inside, outside and so on; the first may be 0, no other is.
 *
 * @param mask uint8 [224, 224], 1 inside and 0 outside
 * @throws RangeError for a mask of another size
 */
export function encodeRuns(mask: Uint8Array): number[] {
  if (mask.length !== PIXELS) throw new RangeError(`a mask of ${mask.length} pixels, not [224, 224]`);
  const runs = [0];
  let current = 0;
  for (const inside of mask) {
    if (inside === current) runs[runs.length - 1]!++;
    else {
      runs.push(1);
      current = inside;
    }
  }
  return runs;
}

/**
 * The mask that {@link encodeRuns} made these runs of.
 *
 * @param runs whole numbers from 0 on
 * @returns uint8 [224, 224]
 * @throws PredictionInvalid for runs that do not fill the picture
 */
export function decodeRuns(runs: readonly number[]): Uint8Array {
  const pixels = runs.reduce((sum, run) => sum + run, 0);
  if (pixels !== PIXELS) {
    throw new PredictionInvalid(`A mask in the model's answer has ${pixels} pixels, not ${PIXELS}. Report it.`);
  }
  const mask = new Uint8Array(PIXELS);
  let begin = 0;
  for (const [position, run] of runs.entries()) {
    if (position % 2 === 1) mask.fill(1, begin, begin + run);
    begin += run;
  }
  return mask;
}
