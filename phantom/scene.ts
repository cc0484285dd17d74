import type { Anatomy, CapCell, ClumpCell, RimCell } from "./anatomy.ts";
import { type Canvas, paintDome } from "./canvas.ts";
import type { Blastomere } from "./cleavage.ts";
import type { PhantomKind, Shape } from "./kinetics.ts";
import type { Optics } from "./optics.ts";
import { GRAIN_SIDE, grainTile } from "./texture.ts";

/** Depths of the painted layers from the embryo's centre, in micrometres, in the sense of a focal plane. */
export const LAYER_DEPTHS_UM = [-50, -25, 0, 25, 50] as const;
/** Working pixels per micrometre: finer than the 1.0 at which networks see a crop. */
export const WORKING_SCALE = 1.4;
/** Room around the zona for its defocused edge. */
const MARGIN_UM = 12;
/** Body radius at which rim cells have their nominal thickness. */
const NOMINAL_BODY_UM = 85;
const GRAIN_MASK = GRAIN_SIDE - 1;

/** An embryo at one moment, painted by depth and not yet looked at. */
export interface Scene {
  readonly side: number;
  /** One per {@link LAYER_DEPTHS_UM}. */
  readonly layers: readonly Canvas[];
  /** How granular the embryo is at each pixel. */
  readonly granular: Float32Array;
  readonly shape: Shape;
}

/** Centre, half axes and direction of a body in the embryo's own frame; micrometres and radians. */
export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly a: number;
  readonly b: number;
  readonly angle: number;
  /** How it follows the rim: offset against its first axis per squared distance along the second, in 1/um. */
  readonly bend: number;
}

/** What is to be painted: an embryo's cells, separate ones before compaction. */
export interface Subject {
  readonly kind: PhantomKind;
  readonly anatomy: Anatomy;
  readonly blastomeres: readonly Blastomere[] | null;
}

/** Paints every layer of an embryo at one moment. */
export function paintScene({ kind, anatomy, blastomeres }: Subject, shape: Shape, optics: Optics): Scene {
  const side = 2 * Math.ceil((shape.zonaOuterUm * shape.stretch + MARGIN_UM) * WORKING_SCALE) + 1;
  const within = kind === "blastocyst" && blastomeres === null ? new Uint8Array(side * side) : null;
  const granular = new Float32Array(side * side);
  const layers = LAYER_DEPTHS_UM.map((depthUm) => {
    const granuleShare = 1 / (1 + (depthUm / 20) ** 2);
    return { side, thickness: new Float32Array(side * side), granular, granuleShare, used: false, within };
  });
  const scene = { side, layers, granular, shape };
  const { grain } = optics;
  const body = blastomeres !== null ? "none" : kind === "arrested" ? "ball" : "hull";
  paintHull(layers[2]!, body, shape, optics);
  const cavity = shape.cavity;
  for (const cell of blastomeres ?? []) {
    const placed = { ...cell, a: cell.radiusUm, b: cell.radiusUm, angle: 0, bend: 0 };
    paintPlaced(scene, placed, { height: 0.85, grain: 0.13 * grain, grainAt: cell.grain, membrane: 0.3 });
  }
  if (blastomeres !== null) return scene;
  const ball = { height: 0.34, grain: 0.22, membrane: 0.07 };
  for (const cell of anatomy.rim) {
    const look = between(ball, { height: 0.46, grain: 0.26, membrane: 0.14 }, cavity);
    paintPlaced(scene, placeRimCell(cell, shape), { ...look, grain: look.grain * grain, grainAt: cell.grain });
  }
  for (const cell of anatomy.caps) {
    const look = between(ball, { height: 0.2, grain: 0.2, membrane: 0.12 }, cavity);
    paintPlaced(scene, placeCapCell(cell, shape), { ...look, grain: look.grain * grain, grainAt: cell.grain });
  }
  for (const cell of anatomy.clump) {
    const look = between(ball, { height: 0.42, grain: 0.26, membrane: 0.1 }, cavity);
    const placed = placeClumpCell(cell, anatomy, shape);
    paintPlaced(scene, placed, { ...look, grain: look.grain * grain, grainAt: cell.grain });
  }
  if (anatomy.clump.length >= 5 && cavity > 0) {
    const height = cavity * (0.25 + 0.55 * anatomy.compactness);
    paintPlaced(scene, placeClump(anatomy, shape), { height, grain: 0.24 * grain, grainAt: 4711, membrane: 0 });
  }
  for (const fragment of anatomy.fragments) {
    const look = fragment.size > 0.2 ? { height: 0.7, grain: 0.18 * grain } : { height: 0.5, grain: 0.12 * grain };
    paintPlaced(scene, placeInBall(fragment, shape), { ...look, grainAt: fragment.grain, membrane: 0.12 });
  }
  return scene;
}

/** Where a rim cell is: on its way from the morula to the rim as the cavity opens. */
export function placeRimCell(cell: RimCell, shape: Shape): Placed {
  const thick = cell.thickUm * Math.min(1.6, NOMINAL_BODY_UM / shape.bodyUm);
  const radius = shape.bodyUm - 0.45 * thick;
  const rim: Placed = {
    x: radius * Math.cos(cell.angle),
    y: radius * Math.sin(cell.angle),
    z: 0,
    a: thick,
    b: Math.max(thick, 1.2 * cell.halfWidth * shape.bodyUm),
    angle: cell.angle,
    bend: 0.5 / shape.bodyUm,
  };
  return placedBetween(placeInBall(cell, shape), rim, shape.cavity);
}

function placeCapCell(cell: CapCell, shape: Shape): Placed {
  const radius = Math.hypot(cell.capX, cell.capY);
  const depth = Math.sqrt(Math.max(0, 1 - radius * radius)) * shape.bodyUm;
  const size = cell.capSize * shape.bodyUm;
  const cap: Placed = {
    x: cell.capX * shape.bodyUm,
    y: cell.capY * shape.bodyUm,
    z: cell.near ? depth : -depth,
    // Foreshortened where the sphere turns away.
    a: size * (1 - 0.5 * radius * radius),
    b: size,
    angle: Math.atan2(cell.capY, cell.capX),
    bend: 0,
  };
  return placedBetween(placeInBall(cell, shape), cap, shape.cavity);
}

/** Where a cell of the inner cell mass is. */
export function placeClumpCell(cell: ClumpCell, anatomy: Anatomy, shape: Shape): Placed {
  const centre = placeClump(anatomy, shape);
  const clump: Placed = {
    x: centre.x + cell.clumpX,
    y: centre.y + cell.clumpY,
    z: centre.z + cell.clumpZ,
    a: cell.radiusUm,
    b: cell.radiusUm,
    angle: 0,
    bend: 0,
  };
  return placedBetween(placeInBall(cell, shape), clump, shape.cavity);
}

/** The inner cell mass as a whole, lying against the rim. */
export function placeClump(anatomy: Anatomy, shape: Shape): Placed {
  const x = shape.bodyUm - 5 - 0.85 * anatomy.clumpAcrossUm;
  return { x, y: 0, z: anatomy.clumpDepthUm, a: anatomy.clumpAcrossUm, b: anatomy.clumpAlongUm, angle: 0, bend: 0 };
}

function placeInBall(cell: { x: number; y: number; z: number; size: number }, shape: Shape): Placed {
  const { bodyUm } = shape;
  const size = cell.size * bodyUm;
  return { x: cell.x * bodyUm, y: cell.y * bodyUm, z: cell.z * bodyUm, a: size, b: size, angle: 0, bend: 0 };
}

function placedBetween(from: Placed, to: Placed, share: number): Placed {
  return {
    x: mixed(from.x, to.x, share),
    y: mixed(from.y, to.y, share),
    z: mixed(from.z, to.z, share),
    a: mixed(from.a, to.a, share),
    b: mixed(from.b, to.b, share),
    angle: to.angle,
    bend: to.bend * share,
  };
}

/** How a body looks, whatever its place: thickness at its middle, contrast and place of its grain, its membrane. */
interface Look {
  readonly height: number;
  readonly grain: number;
  readonly membrane: number;
}

function between(from: Look, to: Look, share: number): Look {
  return {
    height: mixed(from.height, to.height, share),
    grain: mixed(from.grain, to.grain, share),
    membrane: mixed(from.membrane, to.membrane, share),
  };
}

type Position = Omit<Placed, "bend"> & { readonly bend?: number };

function paintPlaced(scene: Scene, placed: Position, look: Look & { readonly grainAt: number }): void {
  const { shape, side } = scene;
  const cos = Math.cos(shape.rotation);
  const sin = Math.sin(shape.rotation);
  const along = placed.x * shape.stretch;
  const across = placed.y / shape.stretch;
  const centre = (side - 1) / 2;
  const nearest = Math.min(4, Math.max(0, Math.round(placed.z / 25) + 2));
  paintDome(scene.layers[nearest]!, {
    x: centre + (along * cos - across * sin) * WORKING_SCALE,
    y: centre + (along * sin + across * cos) * WORKING_SCALE,
    a: placed.a * WORKING_SCALE,
    b: placed.b * WORKING_SCALE,
    angle: placed.angle + shape.rotation,
    bend: (placed.bend ?? 0) / WORKING_SCALE,
    ...look,
  });
}

/** Zona, outer membrane and the body as a whole, at the depth of the equator. */
function paintHull(canvas: Canvas, body: "none" | "ball" | "hull", shape: Shape, optics: Optics): void {
  const { side, thickness, granular, within } = canvas;
  const tile = grainTile();
  const centre = (side - 1) / 2;
  const cos = Math.cos(shape.rotation) / WORKING_SCALE;
  const sin = Math.sin(shape.rotation) / WORKING_SCALE;
  const { bodyUm, zonaInnerUm, zonaOuterUm, stretch, cavity } = shape;
  const bodyHeight = body === "ball" ? 0.7 : mixed(0.75, 0.32, cavity);
  const bodyGrain = optics.grain * (body === "ball" ? 0.14 : mixed(0.13, 0.02, cavity));
  const membrane = mixed(0.08, 0.3, cavity);
  // A stretched zona is thinner and clearer.
  const zonaHeight = optics.zona * (0.13 + 0.08 * (1 - cavity));
  canvas.used = true;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const along = ((x - centre) * cos + (y - centre) * sin) / stretch;
      const across = ((y - centre) * cos - (x - centre) * sin) * stretch;
      const radius = Math.sqrt(along * along + across * across);
      if (radius > zonaOuterUm + 3) continue;
      const tileX = Math.floor(along * WORKING_SCALE + 4096) & GRAIN_MASK;
      const tileY = Math.floor(across * WORKING_SCALE + 4096) & GRAIN_MASK;
      const speckle = tile[tileY * GRAIN_SIDE + tileX]!;
      let value = 0;
      if (radius > zonaInnerUm - 1.5) {
        const outer = Math.min(1, (zonaOuterUm + 2.5 + 0.5 * speckle - radius) / 6);
        const inner = Math.min(1, (radius - zonaInnerUm + 1.5) / 2);
        if (outer > 0) {
          value += zonaHeight * outer * inner * (1 + 0.12 * speckle);
          granular[y * side + x]! += 0.11 * optics.zona * outer * inner;
        }
      }
      if (body !== "none" && radius < bodyUm) {
        if (within !== null) within[y * side + x] = 1;
        const inside = Math.sqrt(1 - (radius * radius) / (bodyUm * bodyUm));
        value += bodyHeight * inside * (1 + 0.5 * bodyGrain * speckle);
        granular[y * side + x]! += bodyHeight * inside * bodyGrain;
        const line = 1 - Math.abs(radius - (bodyUm - 1.8)) / 1.8;
        if (line > 0) value += membrane * line;
      }
      thickness[y * side + x]! += value;
    }
  }
}

function mixed(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
