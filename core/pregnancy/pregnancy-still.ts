import { CLIP_SIZE, type Clip, FOCAL_PLANES_UM } from "../contracts/clip.ts";

const PIXELS = CLIP_SIZE ** 2;
const CENTRE = FOCAL_PLANES_UM.indexOf(0);

/**
 * The still that the pregnancy networks look at: the centre plane of the clip's last frame, which is a time-lapse's tMEB.
 *
 * @returns uint8 [224, 224], a view into the clip
 */
export function pregnancyStill({ frames, hpi }: Pick<Clip, "frames" | "hpi">): Uint8Array {
  const start = ((hpi.length - 1) * FOCAL_PLANES_UM.length + CENTRE) * PIXELS;
  return frames.subarray(start, start + PIXELS);
}
