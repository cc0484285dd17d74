import { boxBlur } from "./blur.ts";
import type { Optics } from "./optics.ts";
import { LAYER_DEPTHS_UM, type Scene, WORKING_SCALE } from "./scene.ts";
import { GRAIN_SIDE, granuleTile } from "./texture.ts";

const TILE_MASK = GRAIN_SIDE - 1;
/** Relief saturates towards this many grey levels. */
const STEEPEST = 150;
/** Thickness at which absorption has lost half its strength: a thick morula is dark and not black. */
const SATURATION = 1.6;
/** Grey levels of the granules per unit, and the defocus in micrometres at which half of their contrast is gone. */
const GRANULES = 120;
const GRANULES_FADE_UM = 16;

/** What a microscope makes of the layers in one focal plane: grey levels to add, on the scene's grid. */
export function shade(scene: Scene, optics: Optics, focalPlaneUm: number): Float32Array {
  const { side } = scene;
  const total = new Float32Array(side * side);
  const layer = new Float32Array(side * side);
  const scratch = new Float32Array(side * side);
  scene.layers.forEach((canvas, i) => {
    if (!canvas.used) return;
    const away = Math.abs(focalPlaneUm - scene.shape.depthUm - LAYER_DEPTHS_UM[i]!);
    layer.set(canvas.thickness);
    boxBlur(layer, scratch, side, side, (optics.sharpestUm + optics.defocus * away) * WORKING_SCALE);
    for (let p = 0; p < total.length; p++) total[p]! += layer[p]!;
  });
  const tile = granuleTile();
  const inFocus = GRANULES / (1 + ((focalPlaneUm - scene.shape.depthUm) / GRANULES_FADE_UM) ** 2);
  const { border, fringe, absorption } = optics;
  const lightX = optics.relief * Math.sin(optics.light);
  const lightY = optics.relief * Math.cos(optics.light);
  const shaded = scratch.fill(0);
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      const p = y * side + x;
      const here = total[p]!;
      const left = total[p - 1]!;
      const right = total[p + 1]!;
      const above = total[p - side]!;
      const below = total[p + side]!;
      const slopeX = (right - left) / 2;
      const slopeY = (below - above) / 2;
      const steep = Math.sqrt(slopeX * slopeX + slopeY * slopeY);
      const curved = left + right + above + below - 4 * here;
      const relief = -(slopeX * lightX + slopeY * lightY) - border * steep + fringe * curved;
      const granules =
        inFocus * Math.min(0.2, scene.granular[p]!) * tile[(y & TILE_MASK) * GRAIN_SIDE + (x & TILE_MASK)]!;
      shaded[p] = relief / (1 + Math.abs(relief) / STEEPEST) - (absorption * here) / (1 + here / SATURATION) + granules;
    }
  }
  return shaded;
}
