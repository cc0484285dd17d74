import { CLIP_SIZE, FOCAL_PLANES_UM } from "../../core/contracts/clip.ts";
import type { Warning } from "../../core/contracts/identifiers.ts";
import { cropPlanes, findEmbryo, lookWarnings } from "../../core/cropping/look.ts";
import type { SquareWindow } from "../../core/cropping/resample.ts";
import type { EmbryoSegmenter } from "../../core/ports.ts";
import { type ChosenPlanes, chooseFocalPlanes, type FocalStack, hasDepth } from "../../core/timelapse/focal-planes.ts";
import { BLASTOCYST_STAGE_HPI } from "../../core/timelapse/hourly-grid.ts";
import type { SourceEmbryo } from "./embryo-source.ts";
import type { Moment } from "./moments.ts";
import type { ReadableFrames } from "./readable-frames.ts";
import { shiftsOf } from "./variants.ts";

/** Where tA is not given: the middle of 115 to 120 hpi. Kragh et al. 2019, section 2.1. */
const USUAL_ANNOTATION_HPI = 117.5;
/** How far from a fixed moment its capture may lie. */
const FIXED_MOMENT_H = 0.5;
const STILL_BYTES = FOCAL_PLANES_UM.length * CLIP_SIZE ** 2;

/** What the stills of an embryo are made of and with. */
export interface StillSource {
  readonly frames: ReadableFrames;
  readonly segmenter: EmbryoSegmenter;
  /** A picture of one plane and no time makes three equal planes. */
  readonly isOnePlane: boolean;
}

/** A time that a still is wanted of. */
interface Target {
  readonly hpi: number;
  /** How far the nearest capture may be. */
  readonly withinH: number;
}

/** @param tMebHpi null where it is not known @returns null where the moment is not known */
export function momentTarget(moment: Moment, embryo: SourceEmbryo, tMebHpi: number | null): Target | null {
  if (moment === "tA") return { hpi: embryo.annotatedHpi ?? USUAL_ANNOTATION_HPI, withinH: Number.POSITIVE_INFINITY };
  if (moment === "tMEB") return tMebHpi === null ? null : { hpi: tMebHpi, withinH: FIXED_MOMENT_H };
  return { hpi: Number(moment), withinH: FIXED_MOMENT_H };
}

/** A still at one moment. */
export interface Still {
  /** uint8 [V, 3, 224, 224]: the unshifted one and its augmentations. */
  readonly variants: Uint8Array;
  /** What the crop station would remark on its pictures. */
  readonly warnings: readonly Warning[];
}

/**
 * The still at a time. Where the embryo is lost in a shifted variant, it is where the unshifted one has it.
 *
 * @param count of variants: 1, 3 or 9
 * @returns null where nothing was captured near the time
 * @throws ImageSizesDiffer; what reading and decoding throws that is not about one picture
 */
export async function stillAt(
  target: Target,
  count: number,
  { frames, segmenter, isOnePlane }: StillSource,
): Promise<Still | "no embryo" | null> {
  return frames.untilReadable(async () => {
    const stacks = isOnePlane ? frames.stacks : deepStacks(frames);
    const unshifted = nearest(stacks, target.hpi);
    if (unshifted === null || Math.abs(unshifted.hpi - target.hpi) > target.withinH) return null;
    const variants = new Uint8Array(count * STILL_BYTES);
    const warnings: Warning[] = [];
    const shifts = shiftsOf(count);
    let usual: SquareWindow | null = null;
    for (const hours of new Set(shifts.map((shift) => shift.hours))) {
      const stack = nearest(stacks, target.hpi + hours)!;
      const ofThisTime = shifts.flatMap(({ hours: its, focalUm }, variant) =>
        its === hours ? [{ variant, focalUm, chosen: chooseFocalPlanes(stack, focalUm) }] : [],
      );
      const decoded = await frames.decode(ofThisTime.flatMap(({ chosen }) => chosen.frames.map(({ file }) => file)));
      warnings.push(...decoded.warnings);
      for (const { variant, focalUm, chosen } of ofThisTime) {
        const planes = chosen.frames.map(({ file }) => decoded.pictures.get(file)!);
        const look = await findEmbryo(planes, segmenter);
        const window: SquareWindow | null = look.window ?? usual;
        if (window === null) return "no embryo";
        usual ??= window;
        variants.set(cropPlanes(planes, window), variant * STILL_BYTES);
        // A shift by one plane is clamped at the stack's end, as in the paper: nothing is missing there.
        if (focalUm === 0) warnings.push(...lookWarnings(look), ...(isOnePlane ? [] : standIns(chosen)));
      }
    }
    return { variants, warnings };
  });
}

/** The times that a clip could be made of. */
function deepStacks(frames: ReadableFrames): FocalStack[] {
  return lateStacks(frames).filter(hasDepth);
}

function lateStacks({ stacks }: ReadableFrames): FocalStack[] {
  return stacks.filter(({ hpi }) => hpi >= BLASTOCYST_STAGE_HPI);
}

/** What the crop station remarks on times of a single focal plane, which stills are not made of either. */
export function flatTimes(frames: ReadableFrames): Warning[] {
  const flat = lateStacks(frames).filter((stack) => !hasDepth(stack)).length;
  const detail = `${flat} times from ${BLASTOCYST_STAGE_HPI} hpi on have a single focal plane and were left out.`;
  return flat === 0 ? [] : [{ code: "SINGLE_PLANE_TIMES", detail }];
}

function standIns({ substitutedUm }: ChosenPlanes): Warning[] {
  if (substitutedUm.length === 0) return [];
  const missing = substitutedUm.map((um) => `${um} um`).join(", ");
  return [{ code: "FOCAL_PLANE_SUBSTITUTED", detail: `In a still the nearest plane stands in for ${missing}.` }];
}

function nearest(stacks: readonly FocalStack[], hpi: number): FocalStack | null {
  return stacks.reduce<FocalStack | null>(
    (best, stack) => (best === null || Math.abs(stack.hpi - hpi) < Math.abs(best.hpi - hpi) ? stack : best),
    null,
  );
}
