import type { PhantomEmbryo } from "./embryo.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { RandomStream } from "./random.ts";

/** Inner and outer radius of the well's bright wall. */
const WALL_UM = { embryoscope: [112, 125], "embryoscope-plus": [118, 131] } as const;
// Three planes of one embryo at work, and a few of its neighbours.
const CACHED = 14;
const cache = new Map<string, Float32Array>();

/**
 * The empty well in one focal plane: lit floor, a wall that shines at the top, dark surroundings, now and then debris.
 *
 * @returns grey levels, row by row, `size * size`; shared, not to be changed
 */
export function wellBackground(embryo: PhantomEmbryo, focalPlaneUm: number): Float32Array {
  const key = `${embryo.seed}/${embryo.index}/${embryo.instrument}/${embryo.kind}/${focalPlaneUm}`;
  const known = cache.get(key);
  if (known) return known;
  const background = paintWell(embryo, focalPlaneUm);
  paintDebris(background, embryo, focalPlaneUm);
  if (cache.size >= CACHED) cache.delete(cache.keys().next().value!);
  cache.set(key, background);
  return background;
}

/** Where the middle of the well lies in the picture, in pixels. */
export function wellCentre(embryo: PhantomEmbryo): { x: number; y: number } {
  const { size, pixelsPerUm } = INSTRUMENTS[embryo.instrument];
  const random = new RandomStream(embryo.seed, embryo.index, "well");
  return {
    x: size / 2 + random.between(-6, 6) * pixelsPerUm,
    y: size / 2 + random.between(-6, 6) * pixelsPerUm,
  };
}

function paintWell(embryo: PhantomEmbryo, focalPlaneUm: number): Float32Array {
  const { size, pixelsPerUm } = INSTRUMENTS[embryo.instrument];
  const [innerUm, outerUm] = WALL_UM[embryo.instrument];
  const centre = wellCentre(embryo);
  const random = new RandomStream(embryo.seed, embryo.index, "light");
  const floor = random.between(118, 138);
  const slope = random.between(-6, 10) / outerUm;
  const wall = random.between(105, 140);
  const outside = random.between(50, 85);
  const softUm = 2.5 + 0.06 * Math.abs(focalPlaneUm);
  const streaks = Array.from({ length: 64 }, () => 1 + 0.12 * random.gauss());
  const pixels = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    const dy = (y - centre.y) / pixelsPerUm;
    for (let x = 0; x < size; x++) {
      const dx = (x - centre.x) / pixelsPerUm;
      const radius = Math.sqrt(dx * dx + dy * dy);
      const inside = floor + slope * dy;
      let value = inside;
      if (radius > innerUm - 3 * softUm) {
        // 1 at the top of the picture, 0 at its bottom: the lamp stands on one side.
        const upward = 0.5 - (0.5 * dy) / radius;
        const beyond = ramp((radius - outerUm) / softUm);
        const within = ramp((radius - innerUm) / softUm);
        const streak = streaks[Math.floor(radius * 1.5) & 63]!;
        const lit = 4 + outside * smooth((upward - 0.35) / 0.65) * streak;
        const shine = within * (1 - beyond) * (wall * smooth(upward * 1.35) + 35 * (smooth(upward * 3) - 1));
        value = inside + (lit - inside) * beyond + shine;
      }
      pixels[y * size + x] = value;
    }
  }
  return pixels;
}

/** Dark crumbs on the well's floor, where they stay. */
function paintDebris(pixels: Float32Array, embryo: PhantomEmbryo, focalPlaneUm: number): void {
  const { size, pixelsPerUm } = INSTRUMENTS[embryo.instrument];
  const random = new RandomStream(embryo.seed, embryo.index, "debris");
  if (random.next() > 0.35) return;
  const centre = wellCentre(embryo);
  const crumbs = random.whole(1, 5);
  for (let i = 0; i < crumbs; i++) {
    const distance = 100 * Math.sqrt(random.next());
    const angle = random.between(0, 2 * Math.PI);
    const radiusUm = random.between(1.5, 5);
    const depthUm = random.between(-45, -15);
    const spreadUm = radiusUm + 0.13 * Math.abs(focalPlaneUm - depthUm);
    const dark = random.between(25, 60) * (radiusUm / spreadUm) ** 1.5;
    const x0 = centre.x + distance * Math.cos(angle) * pixelsPerUm;
    const y0 = centre.y + distance * Math.sin(angle) * pixelsPerUm;
    const reach = spreadUm * pixelsPerUm * 1.4;
    for (let y = Math.max(0, Math.ceil(y0 - reach)); y <= Math.min(size - 1, y0 + reach); y++) {
      for (let x = Math.max(0, Math.ceil(x0 - reach)); x <= Math.min(size - 1, x0 + reach); x++) {
        const away = 1 - ((x - x0) ** 2 + 1.6 * (y - y0) ** 2) / (reach * reach);
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
