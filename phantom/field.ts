import { burnInScaleBar } from "./burned-in.ts";
import type { PhantomEmbryo } from "./embryo.ts";
import { paintDebris, paintDish, paintWell } from "./well.ts";

// Three planes of one embryo at work, and a few of its neighbours.
const CACHED = 14;
const cache = new Map<string, Float32Array>();

/**
 * Everything in a picture but the embryos, in one focal plane.
 *
 * @returns grey levels, row by row, `size * size`; shared, not to be changed
 */
export function fieldBackground(embryo: PhantomEmbryo, focalPlaneUm: number): Float32Array {
  const key = `${embryo.seed}/${embryo.index}/${embryo.instrument}/${embryo.kind}/${focalPlaneUm}`;
  const known = cache.get(key);
  if (known) return known;
  const isDish = embryo.instrument === "inverted-microscope";
  const background = isDish ? paintDish(embryo) : paintWell(embryo, focalPlaneUm);
  paintDebris(background, embryo, focalPlaneUm);
  if (isDish) burnInScaleBar(background, embryo);
  if (cache.size >= CACHED) cache.delete(cache.keys().next().value!);
  cache.set(key, background);
  return background;
}
