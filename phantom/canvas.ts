import { GRAIN_SIDE, grainTile } from "./texture.ts";

/** A square of optical thickness around the embryo; lengths in working pixels. */
export interface Canvas {
  readonly side: number;
  readonly thickness: Float32Array;
  /** How granular it is at each pixel, whatever the depth; shared by the layers of a scene. */
  readonly granular: Float32Array;
  /** How much of a body's granules show at this depth, 0 to 1. */
  readonly granuleShare: number;
  /** Whether anything was painted. */
  used: boolean;
  /** 1 where a dome may be painted; everywhere when null. */
  readonly within: Uint8Array | null;
}

/** A translucent, rounded body. */
export interface Dome {
  /** Centre in pixels. */
  readonly x: number;
  readonly y: number;
  /** Half axes in pixels, and the direction of the first in radians. */
  readonly a: number;
  readonly b: number;
  readonly angle: number;
  /** How the dome bows towards its first axis: offset per squared distance along the second, in 1/pixels. */
  readonly bend: number;
  /** Thickness at its middle, in arbitrary units of optical path. */
  readonly height: number;
  /** Contrast of the grain, as a share of `height`, and its place in the tile. */
  readonly grain: number;
  readonly grainAt: number;
  /** Thickness of the membrane around it, in the units of `height`: the dark outline of a cell. */
  readonly membrane: number;
}

const GRAIN_MASK = GRAIN_SIDE - 1;
/** Share of the grain that is thicker and thinner cytoplasm; the rest are granules, drawn by the microscope. */
const UNEVENNESS = 0.35;
/** Width of a membrane in working pixels. */
const MEMBRANE_WIDTH = 1.6;

/** Lays a dome over what is there: paths add up, as in a translucent embryo. */
export function paintDome(canvas: Canvas, dome: Dome): void {
  const { side, thickness, granular, granuleShare, within } = canvas;
  const tile = grainTile();
  const cos = Math.cos(dome.angle);
  const sin = Math.sin(dome.angle);
  const bowed = dome.b * dome.b * dome.bend;
  const reachX = Math.abs((dome.a + bowed) * cos) + Math.abs(dome.b * sin);
  const reachY = Math.abs((dome.a + bowed) * sin) + Math.abs(dome.b * cos);
  const left = Math.max(0, Math.ceil(dome.x - reachX));
  const right = Math.min(side - 1, Math.floor(dome.x + reachX));
  const top = Math.max(0, Math.ceil(dome.y - reachY));
  const bottom = Math.min(side - 1, Math.floor(dome.y + reachY));
  const grainX = (dome.grainAt & GRAIN_MASK) - Math.round(dome.x) + GRAIN_SIDE * 4;
  const grainY = (dome.grainAt >>> 8) - Math.round(dome.y) + GRAIN_SIDE * 4;
  canvas.used = true;
  // `inside` falls to zero over the whole radius; this share of it is one membrane wide.
  const membraneShare = Math.min(0.9, (2 * MEMBRANE_WIDTH) / Math.min(dome.a, dome.b));
  for (let y = top; y <= bottom; y++) {
    const dy = y - dome.y;
    const grainRow = ((y + grainY) & GRAIN_MASK) * GRAIN_SIDE;
    for (let x = left; x <= right; x++) {
      const dx = x - dome.x;
      const across = dy * cos - dx * sin;
      const u = (dx * cos + dy * sin + dome.bend * across * across) / dome.a;
      const v = across / dome.b;
      const inside = 1 - u * u - v * v;
      if (inside <= 0 || (within !== null && within[y * side + x] === 0)) continue;
      // Steeper at the border than a sphere: cells are pressed flat against each other.
      const round = Math.sqrt(inside);
      const flat = round * (1.6 - 0.6 * round);
      const speckle = UNEVENNESS * dome.grain * tile[grainRow + ((x + grainX) & GRAIN_MASK)]!;
      const outline = inside < membraneShare ? dome.membrane : 0;
      thickness[y * side + x]! += dome.height * flat * (1 + speckle) + outline;
      granular[y * side + x]! += granuleShare * dome.grain * flat * dome.height;
    }
  }
}
