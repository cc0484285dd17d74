import type { PhantomKind } from "./kinetics.ts";
import { RandomStream } from "./random.ts";

/** A cell's place in the compact morula, in radii of the ball; `z` is depth. */
interface BallPlace {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Cell radius. */
  readonly size: number;
  /** Where in the grain tile its cytoplasm lies, so that the texture travels with the cell. */
  readonly grain: number;
}

/** A trophectoderm cell seen edge-on, part of the rim. Angles in radians in the body's frame. */
export interface RimCell extends BallPlace {
  readonly angle: number;
  readonly halfWidth: number;
  /** Thickness at a body radius of 85 um, in micrometres. */
  readonly thickUm: number;
}

/** A trophectoderm cell seen face-on, on the near or the far side of the cavity; lengths in body radii. */
export interface CapCell extends BallPlace {
  readonly capX: number;
  readonly capY: number;
  readonly near: boolean;
  readonly capSize: number;
}

/** A cell of the inner cell mass; lengths in micrometres, relative to the centre of the clump. */
export interface ClumpCell extends BallPlace {
  readonly clumpX: number;
  readonly clumpY: number;
  readonly clumpZ: number;
  readonly radiusUm: number;
}

/** A fragment of a degenerating embryo, or a cell left over in a cavity; lengths in radii of the ball. */
export type Fragment = BallPlace;

/** The cells of one embryo in its own frame; the inner cell mass lies at angle 0. */
export interface Anatomy {
  readonly rim: readonly RimCell[];
  readonly caps: readonly CapCell[];
  readonly clump: readonly ClumpCell[];
  /** Half axes of the inner cell mass along the rim and across it, and its depth, in micrometres. */
  readonly clumpAlongUm: number;
  readonly clumpAcrossUm: number;
  readonly clumpDepthUm: number;
  /** How tightly the inner cell mass is packed, 0..1. */
  readonly compactness: number;
  readonly fragments: readonly Fragment[];
}

const GOLDEN_ANGLE = 2.399963229728653;

/**
 * Draws the cells of an embryo.
 *
 * A good inner cell mass (`latentIcm` near 1) has many cells in a tight clump, a bad one hardly any, apart. A good
 * trophectoderm (`latentTe` near 1) has many even cells, a bad one few, uneven ones with gaps. Numbers scatter, so that
 * neighbouring qualities overlap.
 */
export function anatomyOf(
  seed: number,
  index: number,
  kind: PhantomKind,
  latentIcm: number,
  latentTe: number,
): Anatomy {
  const random = new RandomStream(seed, index, "anatomy");
  if (kind === "arrested" || kind === "cleavage") return arrestedAnatomy(random);
  const rimCount = Math.max(5, Math.round(6 + 20 * latentTe + 1.3 * random.gauss()));
  const capCount = Math.round(2 + 0.55 * rimCount);
  const clumpCount = Math.max(1, Math.round((1.5 + 25 * latentIcm) * (1 + 0.12 * random.gauss())));
  const places = ballPlaces(rimCount + 2 * capCount + clumpCount, random);
  const take = () => places.pop()!;
  const clump = drawClump(clumpCount, latentIcm, random, take);
  return {
    rim: drawRim(rimCount, latentTe, random, take),
    caps: drawCaps(capCount, latentTe, random, take),
    ...clump,
    fragments: drawLeftOver(latentIcm, latentTe, random),
  };
}

function ballPlaces(count: number, random: RandomStream): BallPlace[] {
  const size = Math.min(0.5, 1.1 / Math.cbrt(count));
  const places = Array.from({ length: count }, (_, i): BallPlace => {
    const depth = 1 - (2 * (i + 0.5)) / count;
    const angle = i * GOLDEN_ANGLE + random.between(-0.3, 0.3);
    // The cube root fills a ball evenly.
    const radius = (1 - size) * Math.cbrt(random.between(0.15, 1));
    const flat = radius * Math.sqrt(1 - depth * depth);
    return {
      x: flat * Math.cos(angle),
      y: flat * Math.sin(angle),
      z: radius * depth,
      size: size * random.between(0.85, 1.15),
      grain: random.whole(0, 65535),
    };
  });
  for (let i = count - 1; i > 0; i--) {
    const j = random.whole(0, i);
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  return places;
}

function drawRim(count: number, latentTe: number, random: RandomStream, take: () => BallPlace): RimCell[] {
  const uneven = 0.5 - 0.4 * latentTe;
  const widths = Array.from({ length: count }, () => Math.max(0.3, 1 + uneven * random.gauss()));
  const whole = widths.reduce((sum, width) => sum + width, 0);
  const cells: RimCell[] = [];
  let angle = random.between(0, 2 * Math.PI);
  for (const width of widths) {
    const halfWidth = (Math.PI * width) / whole;
    const even = 8.5 * (1 + 0.1 * random.gauss());
    const ragged = random.next() < 0.35 ? random.between(12, 18) : random.between(3, 6);
    const missing = random.next() < 0.35 * (0.4 - latentTe);
    const cell = { ...take(), angle: angle + halfWidth, halfWidth, thickUm: even * latentTe + ragged * (1 - latentTe) };
    if (!missing) cells.push(cell);
    angle += 2 * halfWidth;
  }
  return cells;
}

function drawCaps(count: number, latentTe: number, random: RandomStream, take: () => BallPlace): CapCell[] {
  const uneven = 0.35 - 0.25 * latentTe;
  return [true, false].flatMap((near) => {
    const turn = random.between(0, 2 * Math.PI);
    return Array.from({ length: count }, (_, i): CapCell => {
      const radius = 0.82 * Math.sqrt((i + 0.5) / count);
      const angle = turn + i * GOLDEN_ANGLE;
      const capSize = (1.05 / Math.sqrt(count)) * (1 + uneven * random.gauss());
      return { ...take(), capX: radius * Math.cos(angle), capY: radius * Math.sin(angle), near, capSize };
    });
  });
}

function drawClump(count: number, latentIcm: number, random: RandomStream, take: () => BallPlace) {
  const cellUm = random.between(7.8, 9);
  const compactness = Math.min(1, Math.max(0, latentIcm + 0.08 * random.gauss()));
  const radiusUm = cellUm * Math.sqrt(count) * (0.95 - 0.22 * compactness);
  const clumpAlongUm = radiusUm * random.between(1.05, 1.25);
  const clumpAcrossUm = (radiusUm * radiusUm) / clumpAlongUm;
  const clump = Array.from({ length: count }, (_, i): ClumpCell => {
    const radius = Math.sqrt((i + 0.5) / count) * (1 - (0.6 * cellUm) / Math.max(cellUm, radiusUm));
    const angle = i * GOLDEN_ANGLE + (1 - compactness) * 0.8 * random.gauss();
    const loose = (1 - compactness) * 0.3;
    return {
      ...take(),
      clumpX: clumpAcrossUm * (radius * Math.cos(angle) + loose * random.gauss()),
      clumpY: clumpAlongUm * (radius * Math.sin(angle) + loose * random.gauss()),
      clumpZ: 0.6 * radiusUm * random.between(-1, 1),
      radiusUm: cellUm * random.between(0.85, 1.15),
    };
  });
  return { clump, clumpAlongUm, clumpAcrossUm, clumpDepthUm: random.between(-18, 18), compactness };
}

/** Cells and crumbs that joined neither the clump nor the rim; the poorer the embryo, the more. */
function drawLeftOver(latentIcm: number, latentTe: number, random: RandomStream): Fragment[] {
  const count = Math.max(0, Math.round((1 - (latentIcm + latentTe) / 2) * random.between(-2, 9)));
  return Array.from({ length: count }, () => {
    const radius = 0.78 * Math.sqrt(random.next());
    const angle = random.between(0, 2 * Math.PI);
    return {
      x: radius * Math.cos(angle),
      y: radius * Math.sin(angle),
      z: random.between(-0.6, 0.6),
      size: random.between(0.04, random.next() < 0.3 ? 0.2 : 0.1),
      grain: random.whole(0, 65535),
    };
  });
}

function arrestedAnatomy(random: RandomStream): Anatomy {
  const cells = random.whole(5, 14);
  const fragments = random.whole(4, 28);
  const places = ballPlaces(cells, random).map((place) => ({ ...place, size: place.size * random.between(0.7, 1.25) }));
  const small = Array.from({ length: fragments }, (): Fragment => {
    const radius = Math.sqrt(random.next());
    const angle = random.between(0, 2 * Math.PI);
    return {
      x: radius * Math.cos(angle),
      y: radius * Math.sin(angle),
      z: random.between(-0.6, 0.6),
      size: random.between(0.05, 0.16),
      grain: random.whole(0, 65535),
    };
  });
  const none = { rim: [], caps: [], clump: [], clumpAlongUm: 0, clumpAcrossUm: 0, clumpDepthUm: 0, compactness: 0 };
  return { ...none, fragments: [...places, ...small] };
}
