import { CROPPER_SIZE } from "../../core/cropping/embryo-mask.ts";
import type { RandomStream } from "../../phantom/random.ts";

const CELLS = CROPPER_SIZE ** 2;

/**
 * Makes a phantom's picture look less like an EmbryoScope's, so that the cropper learns what an embryo is and not what a
 * well looks like: another background without a ring, grain and dark rims where phantoms are smooth, blobs of cells,
 * debris, bars. Each is drawn or not. Changes the planes in place.
 *
 * @param planes three uint8 [64, 64]
 * @param mask 0/1 [64, 64]; all zero for an empty well
 */
export function asFromOtherMicroscope(planes: readonly Uint8Array[], mask: Uint8Array, random: RandomStream): void {
  const isEmpty = !mask.includes(1);
  const distance = signedDistance(mask);
  if (random.next() < 0.5) replaceBackground(planes, distance, random);
  if (!isEmpty && random.next() < 0.35) drawBlastomeres(planes, mask, distance, random);
  if (!isEmpty && random.next() < 0.6) addGrain(planes, mask, random);
  if (!isEmpty && random.next() < 0.6) drawRim(planes, distance, random);
  if (random.next() < 0.5) drawDebris(planes, mask, random);
  if (random.next() < 0.15) for (const plane of planes) invert(plane);
}

/** A flat, slightly shaded ground everywhere but near the embryo. */
function replaceBackground(planes: readonly Uint8Array[], distance: Float32Array, random: RandomStream): void {
  const grey = random.between(60, 200);
  const slopeX = random.between(-0.4, 0.4);
  const slopeY = random.between(-0.4, 0.4);
  const margin = random.between(0, 3);
  const noise = random.between(0, 4);
  for (const plane of planes) {
    change(plane, (old, cell, x, y) => {
      const share = Math.min(1, Math.max(0, (distance[cell]! - margin) / 2));
      const ground = grey + slopeX * (x - 32) + slopeY * (y - 32) + noise * random.gauss();
      return old * (1 - share) + ground * share;
    });
  }
}

/** Two to ten round cells that fill the embryo, as before the morula; what is between and around them stays. */
function drawBlastomeres(
  planes: readonly Uint8Array[],
  mask: Uint8Array,
  distance: Float32Array,
  random: RandomStream,
): void {
  const inside = [...mask.keys()].filter((cell) => mask[cell] === 1 && distance[cell]! < -2);
  if (inside.length === 0) return;
  const radiusOfAll = Math.sqrt(inside.length / Math.PI);
  const count = random.whole(2, 10);
  for (let n = 0; n < count; n++) {
    const cell = inside[random.whole(0, inside.length - 1)]!;
    const radius = radiusOfAll * random.between(0.3, 0.65);
    const grey = random.between(-35, 35);
    const rim = random.between(-70, -15);
    const grain = random.between(0, 14);
    for (const plane of planes) {
      change(plane, (old, at, x, y) => {
        const away = Math.hypot(x - (cell % CROPPER_SIZE), y - Math.floor(cell / CROPPER_SIZE)) - radius;
        if (away > 0.8 || mask[at] === 0) return old;
        return old + (away > -0.8 ? rim : grey + grain * random.gauss());
      });
    }
  }
}

/** Blotches of one to three pixels within the embryo. */
function addGrain(planes: readonly Uint8Array[], mask: Uint8Array, random: RandomStream): void {
  const strength = random.between(5, 35);
  const size = random.whole(1, 3);
  const blotches = Float32Array.from({ length: CELLS }, () => random.gauss());
  for (const plane of planes) {
    change(plane, (old, cell, x, y) => {
      const blotch = blotches[Math.floor(y / size) * CROPPER_SIZE + Math.floor(x / size)]!;
      return mask[cell] === 1 ? old + strength * blotch : old;
    });
  }
}

/** A dark or bright line some way inside the outline: the border of the trophectoderm under another condenser. */
function drawRim(planes: readonly Uint8Array[], distance: Float32Array, random: RandomStream): void {
  const depth = random.between(0.5, 6);
  const width = random.between(0.6, 1.6);
  const strength = random.next() < 0.75 ? random.between(-90, -25) : random.between(20, 60);
  for (const plane of planes) {
    change(plane, (old, cell) => old + strength * Math.max(0, 1 - Math.abs(distance[cell]! + depth) / width));
  }
}

/** Dark specks and bars outside the embryo, which are none. */
function drawDebris(planes: readonly Uint8Array[], mask: Uint8Array, random: RandomStream): void {
  const count = random.whole(1, 6);
  for (let n = 0; n < count; n++) {
    const left = random.between(0, CROPPER_SIZE);
    const top = random.between(0, CROPPER_SIZE);
    const isBar = random.next() < 0.3;
    const halfWidth = isBar ? random.between(4, 16) : random.between(0.6, 3);
    const halfHeight = isBar ? random.between(0.5, 4) : halfWidth * random.between(0.6, 1.6);
    const grey = random.next() < 0.7 ? random.between(0, 70) : random.between(200, 255);
    for (const plane of planes) {
      change(plane, (old, cell, x, y) => {
        const isIn = isBar
          ? Math.abs(x - left) < halfWidth && Math.abs(y - top) < halfHeight
          : ((x - left) / halfWidth) ** 2 + ((y - top) / halfHeight) ** 2 < 1;
        return isIn && mask[cell] === 0 ? grey : old;
      });
    }
  }
}

function invert(plane: Uint8Array): void {
  change(plane, (old) => 255 - old);
}

function change(plane: Uint8Array, to: (old: number, cell: number, x: number, y: number) => number): void {
  for (let cell = 0; cell < CELLS; cell++) {
    const grey = to(plane[cell]!, cell, cell % CROPPER_SIZE, Math.floor(cell / CROPPER_SIZE));
    plane[cell] = Math.min(255, Math.max(0, Math.round(grey)));
  }
}

/** Distance in pixels to the mask's border along the nearer axis or diagonal: negative inside, positive outside. */
function signedDistance(mask: Uint8Array): Float32Array {
  const outside = distanceTo(mask, 1);
  const inside = distanceTo(mask, 0);
  return outside.map((away, cell) => (mask[cell] === 1 ? -inside[cell]! : away));
}

/** Two-pass chamfer distance to the nearest pixel of this value; 128 where there is none. */
function distanceTo(mask: Uint8Array, value: 0 | 1): Float32Array {
  const distance = Float32Array.from(mask, (inside) => (inside === value ? 0 : 128));
  const relax = (cell: number, x: number, y: number, dx: number, dy: number) => {
    if (x + dx < 0 || x + dx >= CROPPER_SIZE || y + dy < 0 || y + dy >= CROPPER_SIZE) return;
    const step = dx !== 0 && dy !== 0 ? Math.SQRT2 : 1;
    distance[cell] = Math.min(distance[cell]!, distance[cell + dy * CROPPER_SIZE + dx]! + step);
  };
  for (let pass = 0; pass < 2; pass++) {
    const back = pass === 0 ? -1 : 1;
    for (let step = 0; step < CELLS; step++) {
      const cell = pass === 0 ? step : CELLS - 1 - step;
      const x = cell % CROPPER_SIZE;
      const y = Math.floor(cell / CROPPER_SIZE);
      for (const [dx, dy] of [
        [back, 0],
        [0, back],
        [back, back],
        [-back, back],
      ] as const)
        relax(cell, x, y, dx, dy);
    }
  }
  return distance;
}
