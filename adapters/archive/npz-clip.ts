import { CLIP_SIZE, type Clip, ClipMeta, FOCAL_PLANES_UM, FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import { ClipInvalid } from "../../core/errors.ts";
import type { ClipFormat } from "../../core/ports.ts";
import { decodeNpy, encodeNpy, type NpyArray } from "./npy.ts";
import { decodeNpz, encodeNpz } from "./npz.ts";

const CHANNELS = FOCAL_PLANES_UM.length;
const FRAME_BYTES = CHANNELS * CLIP_SIZE * CLIP_SIZE;
/** Two digests and an age need about 210 bytes. */
const META_BYTES_AT_MOST = 4096;

const FRAMES = "frames.npy";
const HPI = "hpi.npy";
const META = "meta.npy";

/**
 * Clips as `.npz`: `frames` uint8 [T, 3, 224, 224], `hpi` float32 [T], `meta` uint8 [n] (UTF-8 JSON).
 *
 * The same clip gives the same bytes on every machine, so that a clip's SHA-256 stands for its pixels.
 *
 * @example
 * const bytes = npzClipFormat.encode({ frames, hpi, meta });
 */
export const npzClipFormat: ClipFormat = {
  encode(clip) {
    refuseInvalid(clip);
    const { schema, archiveDigest, cropperSha256, ageYears, kind } = clip.meta;
    // A time-lapse's clips have had these bytes since before there were stills.
    const ofStill = kind === "still" ? { kind } : {};
    // The order of the keys is part of the bytes.
    const json = JSON.stringify({ schema, archiveDigest, cropperSha256, ageYears, ...ofStill });
    const meta = new TextEncoder().encode(json);
    return encodeNpz({
      [FRAMES]: encodeNpy(clip.frames, [clip.hpi.length, CHANNELS, CLIP_SIZE, CLIP_SIZE]),
      [HPI]: encodeNpy(clip.hpi, [clip.hpi.length]),
      [META]: encodeNpy(meta, [meta.length]),
    });
  },

  decode(bytes) {
    const files = decodeNpz(bytes);
    if (files.size !== 3) throw new ClipInvalid(`The clip has ${files.size} entries instead of three.`);
    const frames = arrayOf(files, FRAMES);
    const hpi = arrayOf(files, HPI);
    const meta = arrayOf(files, META);
    if (
      !(frames.array instanceof Uint8Array) ||
      !sameShape(frames.shape, [hpi.array.length, CHANNELS, CLIP_SIZE, CLIP_SIZE])
    ) {
      throw new ClipInvalid(
        `The clip's frames have the shape (${frames.shape.join(", ")}), not uint8 (T, 3, 224, 224).`,
      );
    }
    if (!(hpi.array instanceof Float32Array) || hpi.shape.length !== 1) {
      throw new ClipInvalid("The clip's hpi is not float32 (T).");
    }
    if (!(meta.array instanceof Uint8Array) || meta.shape.length !== 1 || meta.array.length > META_BYTES_AT_MOST) {
      throw new ClipInvalid(`The clip's meta is not uint8 (n) of at most ${META_BYTES_AT_MOST} bytes.`);
    }
    const clip: Clip = { frames: frames.array, hpi: hpi.array, meta: parseMeta(meta.array) };
    refuseInvalid(clip);
    return clip;
  },
};

function arrayOf(files: ReadonlyMap<string, Uint8Array>, name: string): { array: NpyArray; shape: number[] } {
  const file = files.get(name);
  if (file === undefined) throw new ClipInvalid(`The clip has no ${name}.`);
  return decodeNpy(file);
}

function sameShape(shape: readonly number[], expected: readonly number[]): boolean {
  return shape.length === expected.length && shape.every((dimension, axis) => dimension === expected[axis]);
}

function parseMeta(bytes: Uint8Array): ClipMeta {
  try {
    return ClipMeta.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new ClipInvalid("The clip's meta is not the JSON of its schema.", { cause });
  }
}

/** Holds for a clip that is written as for one that is read: a wrong one is found where it was made. */
function refuseInvalid({ frames, hpi, meta }: Clip): void {
  if (hpi.length < 1 || hpi.length > FRAMES_AT_MOST) {
    throw new ClipInvalid(`The clip has ${hpi.length} frames; it must have 1 to ${FRAMES_AT_MOST}.`);
  }
  if (meta.kind === "still" && hpi.length !== 1) {
    throw new ClipInvalid(`The clip of a still has ${hpi.length} frames; it must have one.`);
  }
  if (frames.length !== hpi.length * FRAME_BYTES) {
    throw new ClipInvalid(`The clip has ${frames.length} bytes of pixels for ${hpi.length} frames of ${FRAME_BYTES}.`);
  }
  if (!hpi.every((time, index) => Number.isFinite(time) && (index === 0 || time > hpi[index - 1]!))) {
    throw new ClipInvalid("The clip's hpi are not finite and ascending.");
  }
  const parsed = ClipMeta.safeParse(meta);
  if (!parsed.success) throw new ClipInvalid("The clip's meta breaks its schema.", { cause: parsed.error });
}
