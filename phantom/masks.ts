import type { PhantomEmbryo } from "./embryo.ts";
import { INSTRUMENTS } from "./instruments.ts";
import type { Shape } from "./kinetics.ts";
import { buildEmbryo, embryoCentre } from "./render.ts";
import { type Placed, placeClump, placeClumpCell, placeRimCell } from "./scene.ts";

/** Ground truth, 0 or 1 per pixel, row by row, as large as the picture. */
export interface PhantomMasks {
  /** Everything within the zona's outer border, the zona included. */
  readonly embryo: Uint8Array;
  /** Inner cell mass; all zero until the cavity is half open, and for any kind but a blastocyst. */
  readonly icm: Uint8Array;
  /** Trophectoderm where it is seen edge-on, the rim; all zero when `icm` is. */
  readonly te: Uint8Array;
}

/** A cavity this far open makes a blastocyst, with an inner cell mass to speak of. */
const BLASTOCYST_FROM = 0.5;
/** The membrane belongs to the trophectoderm where no cell is thicker. */
const MEMBRANE_UM = 3.5;

/** What is where at any moment (hpi), for every kind; an empty well has empty masks. */
export function renderMasks(embryo: PhantomEmbryo, hpi: number): PhantomMasks {
  const { size } = INSTRUMENTS[embryo.instrument];
  const blank = () => new Uint8Array(size * size);
  const masks = { embryo: blank(), icm: blank(), te: blank() };
  if (embryo.kind === "empty") return masks;
  const { anatomy, shapeAt } = buildEmbryo(embryo);
  const shape = shapeAt(hpi);
  const frame = new BodyFrame(embryo, shape);
  frame.fillDisc(masks.embryo, shape.zonaOuterUm);
  if (embryo.kind !== "blastocyst" || shape.cavity < BLASTOCYST_FROM) return masks;
  frame.fillDisc(masks.te, shape.bodyUm);
  frame.fillDisc(masks.te, shape.bodyUm - MEMBRANE_UM, 0);
  for (const cell of anatomy.rim) frame.fillEllipse(masks.te, placeRimCell(cell, shape), shape.bodyUm);
  for (const cell of anatomy.clump) frame.fillEllipse(masks.icm, placeClumpCell(cell, anatomy, shape), shape.bodyUm);
  if (anatomy.clump.length >= 5) frame.fillEllipse(masks.icm, placeClump(anatomy, shape), shape.bodyUm);
  // Where both overlap in projection, the inner cell mass is what an embryologist outlines.
  for (let p = 0; p < masks.te.length; p++) if (masks.icm[p] === 1) masks.te[p] = 0;
  return masks;
}

/** The embryo's own coordinates over the picture's pixels. */
class BodyFrame {
  readonly #size: number;
  readonly #scale: number;
  readonly #centre: { x: number; y: number };
  readonly #shape: Shape;
  readonly #cos: number;
  readonly #sin: number;

  constructor(embryo: PhantomEmbryo, shape: Shape) {
    const { size, pixelsPerUm } = INSTRUMENTS[embryo.instrument];
    this.#size = size;
    this.#scale = pixelsPerUm;
    this.#centre = embryoCentre(embryo, shape);
    this.#shape = shape;
    this.#cos = Math.cos(shape.rotation);
    this.#sin = Math.sin(shape.rotation);
  }

  fillDisc(mask: Uint8Array, radiusUm: number, value = 1): void {
    this.#each(0, 0, radiusUm * this.#shape.stretch, (p, along, across) => {
      if (along * along + across * across <= radiusUm * radiusUm) mask[p] = value;
    });
  }

  fillEllipse(mask: Uint8Array, placed: Placed, withinUm: number): void {
    const cos = Math.cos(placed.angle);
    const sin = Math.sin(placed.angle);
    const reach = (placed.a + placed.bend * placed.b * placed.b + placed.b) * this.#shape.stretch;
    this.#each(placed.x, placed.y, reach, (p, along, across) => {
      const sideways = (across - placed.y) * cos - (along - placed.x) * sin;
      const outward = (along - placed.x) * cos + (across - placed.y) * sin + placed.bend * sideways * sideways;
      const u = outward / placed.a;
      const v = sideways / placed.b;
      if (u * u + v * v <= 1 && along * along + across * across <= withinUm * withinUm) mask[p] = 1;
    });
  }

  /** Visits the pixels around a point of the body with their coordinates in the body. */
  #each(x: number, y: number, reachUm: number, visit: (p: number, along: number, across: number) => void): void {
    const { stretch } = this.#shape;
    const middleX = this.#centre.x + (x * stretch * this.#cos - (y / stretch) * this.#sin) * this.#scale;
    const middleY = this.#centre.y + (x * stretch * this.#sin + (y / stretch) * this.#cos) * this.#scale;
    const reach = reachUm * this.#scale + 1;
    const last = this.#size - 1;
    for (let py = Math.max(0, Math.floor(middleY - reach)); py <= Math.min(last, middleY + reach); py++) {
      const dy = (py - this.#centre.y) / this.#scale;
      for (let px = Math.max(0, Math.floor(middleX - reach)); px <= Math.min(last, middleX + reach); px++) {
        const dx = (px - this.#centre.x) / this.#scale;
        const along = (dx * this.#cos + dy * this.#sin) / stretch;
        const across = (dy * this.#cos - dx * this.#sin) * stretch;
        visit(py * this.#size + px, along, across);
      }
    }
  }
}
