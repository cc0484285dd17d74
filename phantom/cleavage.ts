import type { PhantomEmbryo } from "./embryo.ts";
import { RandomStream } from "./random.ts";

/** A cell of an embryo before compaction; lengths in micrometres from the centre, `z` is depth. */
export interface Blastomere {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly radiusUm: number;
  /** Where in the grain tile its cytoplasm lies. */
  readonly grain: number;
}

/** Mean times of the second, fourth, eighth and sixteenth cell, in hpi; before, there is one. */
const CELLS_FROM_HPI = [
  [16, 74],
  [8, 56],
  [4, 40],
  [2, 27],
] as const;
/** Cells flatten against each other from here on, and a morula is drawn. */
const COMPACTION_HPI = 84;
/** Radius of the egg, and of the room within the zona. */
const EGG_UM = 54;
const ROOM_UM = 56;

/**
 * How many separate cells an embryo has, at any hpi.
 *
 * @returns null for an empty well, and from compaction on; an embryo of kind `cleavage` never compacts
 */
export function blastomereCount(embryo: PhantomEmbryo, hpi: number): number | null {
  const { seed, index, kind } = embryo;
  if (kind === "empty") return null;
  const random = new RandomStream(seed, index, "cleavage");
  const late = random.between(-3, 6);
  // Divisions need not keep step: three, five or six cells are as common as four.
  const odd = random.next() < 0.5 ? random.whole(0, 2) : 0;
  if (kind === "cleavage") return [1, 2, 2, 3, 4, 4, 5, 6, 8, 10][random.whole(0, 9)]!;
  if (hpi >= COMPACTION_HPI) return null;
  const even = CELLS_FROM_HPI.find(([, from]) => hpi >= from + late)?.[0] ?? 1;
  return even === 1 ? 1 : even + Math.min(odd, even - 1);
}

/**
 * Where the cells lie: about as far from each other as the zona lets them, of unequal size.
 *
 * @param count from 1 on
 */
export function blastomeres(embryo: PhantomEmbryo, count: number): Blastomere[] {
  const random = new RandomStream(embryo.seed, embryo.index, "blastomeres", count);
  const uneven = random.between(0, 0.14);
  const cells = Array.from({ length: count }, () => {
    const radiusUm = Math.min(ROOM_UM - 2, (EGG_UM / Math.cbrt(count)) * (1 + uneven * random.gauss()) * 1.04);
    return { x: random.gauss(), y: random.gauss(), z: random.gauss(), radiusUm, grain: random.whole(0, 65535) };
  });
  for (let round = 0; round < 40; round++) {
    for (const cell of cells) {
      for (const other of cells) if (other !== cell) pushApart(cell, other);
      keepWithin(cell);
    }
  }
  return cells;
}

type Movable = { -readonly [key in keyof Blastomere]: Blastomere[key] };

function pushApart(cell: Movable, other: Blastomere): void {
  const away = Math.max(1e-3, Math.hypot(cell.x - other.x, cell.y - other.y, cell.z - other.z));
  // Cells press each other a little flat before they give way.
  const wanted = 0.93 * (cell.radiusUm + other.radiusUm);
  if (away >= wanted) return;
  const push = (0.5 * (wanted - away)) / away;
  cell.x += (cell.x - other.x) * push;
  cell.y += (cell.y - other.y) * push;
  cell.z += (cell.z - other.z) * push;
}

function keepWithin(cell: Movable): void {
  const away = Math.hypot(cell.x, cell.y, cell.z);
  const most = Math.max(0, ROOM_UM - cell.radiusUm);
  if (away <= most) return;
  const share = most / away;
  cell.x *= share;
  cell.y *= share;
  cell.z *= share;
}
