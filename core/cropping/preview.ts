import { CLIP_SIZE } from "../contracts/clip.ts";
import type { GreyImage } from "../ports.ts";
import { resample } from "./resample.ts";

const PICTURES = 6;
const SIDE = 112;

/**
 * A strip of up to six centre planes, evenly spread over the sequence from its first frame to tMEB, for people to see
 * what was graded.
 *
 * @param frames uint8 [T, 3, 224, 224]
 * @returns 112 pixels high
 */
export function previewStrip(frames: Uint8Array): GreyImage {
  const plane = CLIP_SIZE * CLIP_SIZE;
  const count = frames.length / (3 * plane);
  const shown = Math.min(PICTURES, count);
  const strip = new Uint8Array(shown * SIDE * SIDE);
  for (let position = 0; position < shown; position++) {
    const time = shown === 1 ? 0 : Math.round((position * (count - 1)) / (shown - 1));
    const start = (3 * time + 1) * plane;
    const picture = { width: CLIP_SIZE, height: CLIP_SIZE, pixels: frames.subarray(start, start + plane) };
    const small = resample(picture, { left: 0, top: 0, size: CLIP_SIZE }, SIDE);
    for (let y = 0; y < SIDE; y++) {
      strip.set(small.subarray(y * SIDE, (y + 1) * SIDE), y * shown * SIDE + position * SIDE);
    }
  }
  return { width: shown * SIDE, height: SIDE, pixels: strip };
}
