import type { GreyImage } from "../ports.ts";
import { resample, type SquareWindow } from "./resample.ts";

/** Side of the cropper's input and output in pixels. Kragh et al. 2019, Table A.9. */
export const CROPPER_SIZE = 64;

const EMBRYO_PROBABILITY = 0.5;

/** A connected piece of a mask, in pixels of the original picture. */
export interface EmbryoMask {
  /** 0/1 [64, 64], of this piece alone. */
  readonly cells: Uint8Array;
  /** The square of the picture that the cropper saw. */
  readonly view: SquareWindow;
  /** Pixels. */
  readonly area: number;
  /** Share of the picture. */
  readonly areaFraction: number;
  /** Area over the square of the picture's shorter side, which is what instruments have in common. */
  readonly fieldFraction: number;
  /** Centre of mass. */
  readonly centre: { readonly x: number; readonly y: number };
  readonly bounds: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
  readonly touchesEdge: boolean;
}

/** The square a cropper sees of a picture: its longer side, so that nothing is left out of a picture that is not square. */
export function cropperView(image: GreyImage): SquareWindow {
  const size = Math.max(image.width, image.height);
  return { left: -Math.floor((size - image.width) / 2), top: -Math.floor((size - image.height) / 2), size };
}

/**
 * What the cropper network takes of one time.
 *
 * @param planes three focal planes of the same size, in the order of a clip's channels
 * @returns uint8 [3, 64, 64]
 */
export function cropperInput(planes: readonly GreyImage[]): Uint8Array {
  const view = cropperView(planes[0]!);
  const input = new Uint8Array(planes.length * CROPPER_SIZE * CROPPER_SIZE);
  planes.forEach((plane, channel) => {
    input.set(resample(plane, view, CROPPER_SIZE), channel * CROPPER_SIZE * CROPPER_SIZE);
  });
  return input;
}

/**
 * Reads the cropper's output: the connected pieces (by edges) above one half within the picture. The embryo is the largest.
 *
 * @param probabilities float32 [64, 64]
 * @returns the largest first; of equal ones the first in reading order
 * @see Kragh et al. 2019, appendix
 */
export function embryoPieces(image: GreyImage, probabilities: Float32Array): EmbryoMask[] {
  const view = cropperView(image);
  const cellSize = view.size / CROPPER_SIZE;
  const isInside = (cell: number) => {
    const x = view.left + ((cell % CROPPER_SIZE) + 0.5) * cellSize;
    const y = view.top + (Math.floor(cell / CROPPER_SIZE) + 0.5) * cellSize;
    return x >= 0 && x < image.width && y >= 0 && y < image.height;
  };
  const candidates = Uint8Array.from(probabilities, (p, cell) => (p > EMBRYO_PROBABILITY && isInside(cell) ? 1 : 0));
  return connectedPieces(candidates)
    .sort((one, other) => other.length - one.length)
    .map((piece) => maskOf(piece, image, view));
}

/** @param piece at least one cell */
function maskOf(piece: readonly number[], image: GreyImage, view: SquareWindow): EmbryoMask {
  const cellSize = view.size / CROPPER_SIZE;
  const xs = piece.map((cell) => cell % CROPPER_SIZE);
  const ys = piece.map((cell) => Math.floor(cell / CROPPER_SIZE));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const bounds = {
    left: view.left + Math.min(...xs) * cellSize,
    top: view.top + Math.min(...ys) * cellSize,
    right: view.left + (Math.max(...xs) + 1) * cellSize,
    bottom: view.top + (Math.max(...ys) + 1) * cellSize,
  };
  const cells = new Uint8Array(CROPPER_SIZE * CROPPER_SIZE);
  for (const cell of piece) cells[cell] = 1;
  const area = piece.length * cellSize * cellSize;
  return {
    cells,
    view,
    area,
    areaFraction: area / (image.width * image.height),
    fieldFraction: area / Math.min(image.width, image.height) ** 2,
    centre: { x: view.left + (mean(xs) + 0.5) * cellSize, y: view.top + (mean(ys) + 0.5) * cellSize },
    bounds,
    // The next cell's centre would lie outside: where bars fill up the square, the picture ends within a cell.
    touchesEdge:
      Math.min(bounds.left, bounds.top, image.width - bounds.right, image.height - bounds.bottom) < cellSize / 2,
  };
}

/** Whether a point of the original picture lies in the mask; none outside the cropper's view does. */
export function isInMask({ cells, view }: EmbryoMask, x: number, y: number): boolean {
  const column = Math.floor(((x - view.left) / view.size) * CROPPER_SIZE);
  const row = Math.floor(((y - view.top) / view.size) * CROPPER_SIZE);
  const isInside = column >= 0 && column < CROPPER_SIZE && row >= 0 && row < CROPPER_SIZE;
  return isInside && cells[row * CROPPER_SIZE + column] === 1;
}

/** Cells of each piece of a 0/1 [64, 64], connected by edges, in the reading order of their first cells. */
function connectedPieces(candidates: Uint8Array): number[][] {
  const open = candidates.slice();
  const pieces: number[][] = [];
  for (let seed = 0; seed < open.length; seed++) {
    if (open[seed] === 0) continue;
    const piece: number[] = [];
    const pending = [seed];
    open[seed] = 0;
    for (let cell = pending.pop(); cell !== undefined; cell = pending.pop()) {
      piece.push(cell);
      for (const next of edgeNeighbours(cell)) {
        if (open[next] === 1) {
          open[next] = 0;
          pending.push(next);
        }
      }
    }
    pieces.push(piece);
  }
  return pieces;
}

function edgeNeighbours(cell: number): number[] {
  const x = cell % CROPPER_SIZE;
  const neighbours = [cell - CROPPER_SIZE, cell + CROPPER_SIZE];
  if (x > 0) neighbours.push(cell - 1);
  if (x < CROPPER_SIZE - 1) neighbours.push(cell + 1);
  return neighbours.filter((next) => next >= 0 && next < CROPPER_SIZE * CROPPER_SIZE);
}
