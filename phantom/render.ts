import type { GreyImage } from "../core/ports.ts";
import { type Anatomy, anatomyOf } from "./anatomy.ts";
import { boxBlur } from "./blur.ts";
import { burnIn } from "./burned-in.ts";
import type { PhantomEmbryo } from "./embryo.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { kinetics, type Shape } from "./kinetics.ts";
import { hash, RandomStream } from "./random.ts";
import { LAYER_DEPTHS_UM, paintScene, type Scene, WORKING_SCALE } from "./scene.ts";
import { noiseRibbon, noiseStart } from "./texture.ts";
import { wellBackground, wellCentre } from "./well.ts";

/** Half width of the defocus box per micrometre of depth, in micrometres, and its least value. */
const DEFOCUS = 0.14;
const SHARPEST_UM = 0.3;
/** Grey levels per unit of thickness: one-sided shading, dark borders, absorption. */
const RELIEF = 400;
const BORDER = 190;
const ABSORPTION = 30;
/** Relief saturates towards this many grey levels. */
const STEEPEST = 150;
/** Thickness at which absorption has lost half its strength: a thick morula is dark and not black. */
const SATURATION = 1.6;
const CAMERA_NOISE = 2.4;

/** Everything about an embryo that does not change with time. */
interface Built {
  readonly anatomy: Anatomy;
  readonly shapeAt: (hpi: number) => Shape;
}

const built = new WeakMap<PhantomEmbryo, Built>();

/** An embryo's cells and its growth, drawn once per embryo object. */
export function buildEmbryo(embryo: PhantomEmbryo): Built {
  const known = built.get(embryo);
  if (known) return known;
  const { seed, index, kind, latentIcm, latentTe } = embryo;
  const made = {
    anatomy: anatomyOf(seed, index, kind, latentIcm, latentTe),
    shapeAt: kinetics(seed, index, kind, latentTe),
  };
  built.set(embryo, made);
  return made;
}

/**
 * One picture of one embryo.
 *
 * @param hpi hours post insemination, any moment, capture or not
 * @param focalPlaneUm any plane in micrometres
 * @returns a square picture of the instrument's size; the same arguments give the same pixels
 */
export function renderFrame(embryo: PhantomEmbryo, hpi: number, focalPlaneUm: number): GreyImage {
  return renderFocalStack(embryo, hpi, [focalPlaneUm])[0]!;
}

/** Several planes of one moment: the pictures of {@link renderFrame}, at less cost than one by one. */
export function renderFocalStack(embryo: PhantomEmbryo, hpi: number, focalPlanesUm: readonly number[]): GreyImage[] {
  const { size } = INSTRUMENTS[embryo.instrument];
  let scene: Scene | null = null;
  if (embryo.kind !== "empty" && focalPlanesUm.length > 0) {
    const { anatomy, shapeAt } = buildEmbryo(embryo);
    scene = paintScene(embryo.kind, anatomy, shapeAt(hpi));
  }
  const levels = new Float32Array(size * size);
  return focalPlanesUm.map((plane) => {
    levels.set(wellBackground(embryo, plane));
    if (scene) addEmbryo(levels, embryo, scene, shade(embryo, scene, plane));
    const pixels = expose(levels, size, pictureKey(embryo, hpi, plane));
    burnIn(pixels, size, embryo, hpi);
    return { width: size, height: size, pixels };
  });
}

/** Where the embryo's centre lies in the picture, in pixels. */
export function embryoCentre(embryo: PhantomEmbryo, shape: Shape): { x: number; y: number } {
  const { pixelsPerUm } = INSTRUMENTS[embryo.instrument];
  const well = wellCentre(embryo);
  return { x: well.x + shape.xUm * pixelsPerUm, y: well.y + shape.yUm * pixelsPerUm };
}

/** What modulation contrast makes of the layers in one plane: grey levels to add, on the working grid. */
function shade(embryo: PhantomEmbryo, scene: Scene, focalPlaneUm: number): Float32Array {
  const { side } = scene;
  const total = new Float32Array(side * side);
  const layer = new Float32Array(side * side);
  const scratch = new Float32Array(side * side);
  scene.layers.forEach((canvas, i) => {
    if (!canvas.used) return;
    const away = Math.abs(focalPlaneUm - scene.shape.depthUm - LAYER_DEPTHS_UM[i]!);
    layer.set(canvas.thickness);
    boxBlur(layer, scratch, side, side, (SHARPEST_UM + DEFOCUS * away) * WORKING_SCALE);
    for (let p = 0; p < total.length; p++) total[p]! += layer[p]!;
  });
  // The lamp stands nearly straight above, a little differently on each slide.
  const lamp = new RandomStream(embryo.cycleId, "lamp");
  const light = lamp.between(-0.35, 0.35);
  const contrast = lamp.between(0.75, 1.25);
  const lightX = contrast * RELIEF * Math.sin(light);
  const lightY = contrast * RELIEF * Math.cos(light);
  const border = contrast * BORDER;
  const shaded = scratch.fill(0);
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      const p = y * side + x;
      const slopeX = (total[p + 1]! - total[p - 1]!) / 2;
      const slopeY = (total[p + side]! - total[p - side]!) / 2;
      const here = total[p]!;
      const steep = Math.sqrt(slopeX * slopeX + slopeY * slopeY);
      const relief = -(slopeX * lightX + slopeY * lightY) - border * steep;
      const absorbed = (ABSORPTION * here) / (1 + here / SATURATION);
      shaded[p] = relief / (1 + Math.abs(relief) / STEEPEST) - absorbed;
    }
  }
  return shaded;
}

/** Lays the shaded embryo over the well, bilinearly. */
function addEmbryo(levels: Float32Array, embryo: PhantomEmbryo, scene: Scene, shaded: Float32Array): void {
  const { size, pixelsPerUm } = INSTRUMENTS[embryo.instrument];
  const { side, shape } = scene;
  const centre = embryoCentre(embryo, shape);
  const step = WORKING_SCALE / pixelsPerUm;
  const half = (side - 1) / 2;
  const reach = (half - 1) / step;
  const left = Math.max(0, Math.ceil(centre.x - reach));
  const right = Math.min(size - 1, Math.floor(centre.x + reach));
  const top = Math.max(0, Math.ceil(centre.y - reach));
  const bottom = Math.min(size - 1, Math.floor(centre.y + reach));
  for (let y = top; y <= bottom; y++) {
    const v = half + (y - centre.y) * step;
    const row = Math.floor(v);
    const fv = v - row;
    for (let x = left; x <= right; x++) {
      const u = half + (x - centre.x) * step;
      const column = u | 0;
      const fu = u - column;
      const p = row * side + column;
      const above = shaded[p]! + (shaded[p + 1]! - shaded[p]!) * fu;
      const below = shaded[p + side]! + (shaded[p + side + 1]! - shaded[p + side]!) * fu;
      levels[y * size + x]! += above + (below - above) * fv;
    }
  }
}

function expose(levels: Float32Array, size: number, key: number): Uint8Array {
  // A clamped view rounds and limits to 0..255 by itself.
  const pixels = new Uint8ClampedArray(size * size);
  const noise = noiseRibbon();
  for (let y = 0; y < size; y++) {
    const start = noiseStart(key, y, size);
    for (let x = 0; x < size; x++) {
      pixels[y * size + x] = levels[y * size + x]! + CAMERA_NOISE * noise[start + x]!;
    }
  }
  return new Uint8Array(pixels.buffer);
}

/** Every picture has noise of its own; times count to a ten-thousandth of an hour. */
function pictureKey(embryo: PhantomEmbryo, hpi: number, focalPlaneUm: number): number {
  return hash(embryo.seed, embryo.index, "camera", Math.round(hpi * 10_000), Math.round(focalPlaneUm * 100));
}
