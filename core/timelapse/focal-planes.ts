import { FOCAL_PLANES_UM } from "../contracts/clip.ts";
import type { Frame } from "../contracts/time-lapse.ts";

// Instruments round their focal positions.
const SAME_PLANE_UM = 1;

/** One time with all its focal planes. */
export interface FocalStack {
  readonly hpi: number;
  /** Ascending by focal plane. */
  readonly frames: readonly Frame[];
}

/** Three frames of one time in the order of a clip's channels. */
export interface ChosenPlanes {
  readonly frames: readonly [Frame, Frame, Frame];
  /** Planes that another one stands in for, in micrometres. */
  readonly substitutedUm: readonly number[];
}

/** Groups frames, ascending by time, into focal stacks. */
export function focalStacks(frames: readonly Frame[]): FocalStack[] {
  const stacks: { hpi: number; frames: Frame[] }[] = [];
  for (const frame of frames) {
    const open = stacks.at(-1);
    if (open?.hpi === frame.hpi) open.frames.push(frame);
    else stacks.push({ hpi: frame.hpi, frames: [frame] });
  }
  for (const stack of stacks) stack.frames.sort((a, b) => a.focalPlaneUm - b.focalPlaneUm);
  return stacks;
}

/** A stack with one plane shows no depth: nothing in it can stand in for the missing planes. */
export function hasDepth(stack: FocalStack): boolean {
  return stack.frames.length >= 2;
}

/**
 * Chooses the planes at -45, 0 and +45 um; the nearest available one stands in for a missing plane, the lower of two
 * equally near.
 *
 * @param stack at least one frame
 * @param shiftUm moves the three wanted positions, for the paper's augmentation by one plane (15 um)
 * @see Kragh et al. 2019, sections 2.1 and 2.5
 */
export function chooseFocalPlanes(stack: FocalStack, shiftUm = 0): ChosenPlanes {
  const [below, centre, above] = FOCAL_PLANES_UM.map((um) => nearestFrame(stack, um + shiftUm));
  const frames = [below!, centre!, above!] as const;
  const substitutedUm = FOCAL_PLANES_UM.filter(
    (um, channel) => Math.abs(frames[channel]!.focalPlaneUm - um - shiftUm) > SAME_PLANE_UM,
  );
  return { frames, substitutedUm };
}

function nearestFrame(stack: FocalStack, um: number): Frame {
  return stack.frames.reduce((best, frame) =>
    Math.abs(frame.focalPlaneUm - um) < Math.abs(best.focalPlaneUm - um) ? frame : best,
  );
}
