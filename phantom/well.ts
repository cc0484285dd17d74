import { boxBlur } from "./blur.ts";
import type { PhantomEmbryo } from "./embryo.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { RandomStream } from "./random.ts";

/** Inner and outer radius of the well's bright wall. */
const WALL_UM = { embryoscope: [112, 125], "embryoscope-plus": [116, 130] } as const;

/** Where the middle of the picture's field lies, in pixels: the well's, or the dish's where the embryo lies. */
export function fieldCentre(embryo: PhantomEmbryo): { x: number; y: number } {
  const { size, pixelsPerUm } = INSTRUMENTS[embryo.instrument];
  const random = new RandomStream(embryo.seed, embryo.index, "well");
  return {
    x: size / 2 + random.between(-6, 6) * pixelsPerUm,
    y: size / 2 + random.between(-6, 6) * pixelsPerUm,
  };
}

/**
 * The empty well of an incubator in one focal plane: a lit floor, a wall that shines, most at the top and softly outwards,
 * and dark surroundings with faint turning marks above.
 *
 * @returns grey levels, row by row, `size * size`
 */
export function paintWell(embryo: PhantomEmbryo, focalPlaneUm: number): Float32Array {
  const { size, pixelsPerUm } = INSTRUMENTS[embryo.instrument];
  const [innerUm, outerUm] = WALL_UM[embryo.instrument === "embryoscope" ? "embryoscope" : "embryoscope-plus"];
  const centre = fieldCentre(embryo);
  const random = new RandomStream(embryo.seed, embryo.index, "light");
  const floor = random.between(104, 150);
  const slope = random.between(-8, 14) / outerUm;
  const wall = random.between(95, 190);
  const outside = random.between(20, 95);
  const shineFrom = random.between(0.1, 0.45);
  const innerSoftUm = 2 + 0.06 * Math.abs(focalPlaneUm);
  const outerSoftUm = random.between(3.5, 8) + 0.06 * Math.abs(focalPlaneUm);
  const marks = Array.from({ length: 64 }, () => 1 + 0.1 * random.gauss());
  const pixels = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    const dy = (y - centre.y) / pixelsPerUm;
    for (let x = 0; x < size; x++) {
      const dx = (x - centre.x) / pixelsPerUm;
      const radius = Math.sqrt(dx * dx + dy * dy);
      const inside = floor + slope * dy;
      let value = inside;
      if (radius > innerUm - 3 * innerSoftUm) {
        // 1 at the top of the picture, 0 at its bottom: the lamp stands on one side.
        const upward = 0.5 - (0.5 * dy) / radius;
        const within = ramp((radius - innerUm) / innerSoftUm);
        const beyond = ramp((radius - outerUm + (1 - upward) * 4) / outerSoftUm);
        const mark = marks[Math.floor(radius * 1.5) & 63]!;
        const lit = 3 + outside * smooth((upward - 0.35) / 0.65) * mark;
        const shine = wall * (shineFrom + (1 - shineFrom) * smooth(upward * 1.5));
        value = inside + (lit - inside) * beyond + within * (1 - beyond) * shine;
      }
      pixels[y * size + x] = value;
    }
  }
  return pixels;
}

/** Dark crumbs in the medium or on the floor, where they stay; more of them in a dish. */
export function paintDebris(pixels: Float32Array, embryo: PhantomEmbryo, focalPlaneUm: number): void {
  const { size, pixelsPerUm } = INSTRUMENTS[embryo.instrument];
  const random = new RandomStream(embryo.seed, embryo.index, "debris");
  const isDish = embryo.instrument === "inverted-microscope";
  if (random.next() > (isDish ? 0.7 : 0.4)) return;
  const centre = fieldCentre(embryo);
  const crumbs = random.whole(1, isDish ? 12 : 5);
  for (let i = 0; i < crumbs; i++) {
    const distance = (isDish ? 150 : 100) * Math.sqrt(random.next());
    const angle = random.between(0, 2 * Math.PI);
    const radiusUm = random.between(1.5, random.next() < 0.15 ? 14 : 5);
    const flat = random.between(0.5, 2.5);
    const depthUm = random.between(-45, isDish ? 20 : -15);
    const spreadUm = radiusUm + 0.13 * Math.abs(focalPlaneUm - depthUm);
    const dark = random.between(25, 90) * (radiusUm / spreadUm) ** 1.5 * (random.next() < 0.85 ? 1 : -0.6);
    const x0 = centre.x + distance * Math.cos(angle) * pixelsPerUm;
    const y0 = centre.y + distance * Math.sin(angle) * pixelsPerUm;
    const reach = spreadUm * pixelsPerUm * 1.4;
    for (let y = Math.max(0, Math.ceil(y0 - reach)); y <= Math.min(size - 1, y0 + reach); y++) {
      for (let x = Math.max(0, Math.ceil(x0 - reach)); x <= Math.min(size - 1, x0 + reach); x++) {
        const away = 1 - ((x - x0) ** 2 + flat * (y - y0) ** 2) / (reach * reach);
        if (away > 0) pixels[y * size + x]! -= dark * away * away;
      }
    }
  }
}

/** 0 below -1, 1 above 1, smooth between. */
function ramp(x: number): number {
  return smooth(0.5 + 0.5 * x);
}

function smooth(x: number): number {
  const t = Math.min(1, Math.max(0, x));
  return t * t * (3 - 2 * t);
}

/**
 * The ground of a dish under an inverted microscope: flat light that falls off, uneven glass, no wall anywhere.
 *
 * @returns grey levels, row by row, `size * size`
 */
export function paintDish(embryo: PhantomEmbryo): Float32Array {
  const { size } = INSTRUMENTS[embryo.instrument];
  const random = new RandomStream(embryo.seed, embryo.index, "light");
  const grey = random.between(85, 190);
  const slopeX = random.between(-25, 25) / size;
  const slopeY = random.between(-25, 25) / size;
  const vignette = random.next() < 0.3 ? random.between(10, 70) : 0;
  const middle = { x: size * random.between(0.3, 0.7), y: size * random.between(0.3, 0.7) };
  const uneven = random.between(0, 2.5);
  const pixels = new Float32Array(size * size);
  const patches = Float32Array.from({ length: size * size }, () => random.gauss());
  boxBlur(patches, new Float32Array(size * size), size, size, 12);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const away = ((x - middle.x) ** 2 + (y - middle.y) ** 2) / (size * size);
      const p = y * size + x;
      // A blur of 12 leaves about a fiftieth of the noise.
      pixels[p] =
        grey + slopeX * (x - size / 2) + slopeY * (y - size / 2) - vignette * away * 2 + 50 * uneven * patches[p]!;
    }
  }
  return pixels;
}
