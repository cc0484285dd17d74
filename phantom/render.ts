import type { GreyImage } from "../core/ports.ts";
import { type Anatomy, anatomyOf } from "./anatomy.ts";
import { burnIn } from "./burned-in.ts";
import { blastomereCount, blastomeres } from "./cleavage.ts";
import { type PhantomEmbryo, phantomEmbryo } from "./embryo.ts";
import { fieldBackground } from "./field.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { kinetics, type Shape } from "./kinetics.ts";
import { type Optics, opticsOf } from "./optics.ts";
import { hash, RandomStream } from "./random.ts";
import { paintScene, type Scene, WORKING_SCALE } from "./scene.ts";
import { shade } from "./shading.ts";
import { noiseRibbon, noiseStart } from "./texture.ts";
import { fieldCentre } from "./well.ts";

/** Share of pictures of a dish in which another embryo, or clump of cells, reaches into the picture. */
const NEIGHBOUR_SHARE = 0.3;

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
  const optics = opticsOf(embryo);
  const subjects = focalPlanesUm.length > 0 ? subjectsOf(embryo, hpi, optics) : [];
  const levels = new Float32Array(size * size);
  return focalPlanesUm.map((plane) => {
    levels.set(fieldBackground(embryo, plane));
    for (const { scene, centre } of subjects) addEmbryo(levels, embryo, scene, centre, shade(scene, optics, plane));
    const pixels = expose(levels, size, optics, pictureKey(embryo, hpi, plane));
    burnIn(pixels, size, embryo, hpi);
    return { width: size, height: size, pixels };
  });
}

/** Where the embryo's centre lies in the picture, in pixels. */
export function embryoCentre(embryo: PhantomEmbryo, shape: Shape): { x: number; y: number } {
  const { pixelsPerUm } = INSTRUMENTS[embryo.instrument];
  const field = fieldCentre(embryo);
  return { x: field.x + shape.xUm * pixelsPerUm, y: field.y + shape.yUm * pixelsPerUm };
}

/** The embryo, unless the well is empty, and in a dish now and then a neighbour that is cut off by the picture's edge. */
function subjectsOf(embryo: PhantomEmbryo, hpi: number, optics: Optics) {
  const subjects: { scene: Scene; centre: { x: number; y: number } }[] = [];
  const add = (of: PhantomEmbryo, centre: (shape: Shape) => { x: number; y: number }) => {
    const { anatomy, shapeAt } = buildEmbryo(of);
    const shape = shapeAt(hpi);
    const count = blastomereCount(of, hpi);
    const subject = { kind: of.kind, anatomy, blastomeres: count === null ? null : blastomeres(of, count) };
    subjects.push({ scene: paintScene(subject, shape, optics), centre: centre(shape) });
  };
  if (embryo.kind !== "empty") add(embryo, (shape) => embryoCentre(embryo, shape));
  const neighbour = neighbourOf(embryo);
  if (neighbour) add(neighbour.embryo, () => neighbour.centre);
  return subjects;
}

/** Its centre lies beyond the picture's edge: what is seen of it is less than half, and no embryo to be graded. */
function neighbourOf(embryo: PhantomEmbryo) {
  const { seed, index, instrument } = embryo;
  if (instrument !== "inverted-microscope") return null;
  const random = new RandomStream(seed, index, "neighbour");
  if (random.next() >= NEIGHBOUR_SHARE) return null;
  const { size, pixelsPerUm } = INSTRUMENTS[instrument];
  const angle = random.between(0, 2 * Math.PI);
  const away = size / 2 / Math.max(Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle)));
  const distance = away + random.between(15, 70) * pixelsPerUm;
  const kind = random.next() < 0.5 ? "blastocyst" : "arrested";
  return {
    embryo: phantomEmbryo({ seed: seed + 1, index, instrument, kind }),
    centre: { x: size / 2 + distance * Math.cos(angle), y: size / 2 + distance * Math.sin(angle) },
  };
}

/** Lays a shaded embryo over the field, bilinearly. */
function addEmbryo(
  levels: Float32Array,
  embryo: PhantomEmbryo,
  { side }: Scene,
  centre: { x: number; y: number },
  shaded: Float32Array,
): void {
  const { size, pixelsPerUm } = INSTRUMENTS[embryo.instrument];
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

function expose(levels: Float32Array, size: number, optics: Optics, key: number): Uint8Array {
  // A clamped view rounds and limits to 0..255 by itself.
  const pixels = new Uint8ClampedArray(size * size);
  const noise = noiseRibbon();
  for (let y = 0; y < size; y++) {
    const start = noiseStart(key, y, size);
    for (let x = 0; x < size; x++) {
      pixels[y * size + x] = levels[y * size + x]! + optics.noise * noise[start + x]!;
    }
  }
  return new Uint8Array(pixels.buffer);
}

/** Every picture has noise of its own; times count to a ten-thousandth of an hour. */
function pictureKey(embryo: PhantomEmbryo, hpi: number, focalPlaneUm: number): number {
  return hash(embryo.seed, embryo.index, "camera", Math.round(hpi * 10_000), Math.round(focalPlaneUm * 100));
}
