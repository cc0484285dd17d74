import { ModelFailed } from "../../core/errors.ts";
import type { EmbryoSegmenter } from "../../core/ports.ts";
import { type NetworkSession, openNetwork, type SessionOptions } from "./network-session.ts";

/** Side of the cropper's input in pixels. Kragh et al. 2019, Table A.9. */
const SIDE = 64;
const PICTURE_BYTES = 3 * SIDE * SIDE;
/** Enough to keep the threads busy; the memory that a call needs grows with it. */
const PICTURES_PER_CALL = 16;
/** ONNX Runtime's sigmoid answers 1.0000001 where it is sure. */
const ROUNDING = 1e-6;

export interface SegmenterOptions extends SessionOptions {
  /** SHA-256 of the network's file, for the clip's provenance. */
  readonly sha256: string;
}

export interface OpenSegmenter extends EmbryoSegmenter {
  close(): Promise<void>;
}

/**
 * Opens the U-Net cropper. Segmenting blocks the calling thread while the network computes.
 *
 * @param network bytes or path of `cropper.onnx`: `picture` uint8 [N, 3, 64, 64] to `embryo` float32 [N, 64, 64]
 * @throws BundleDamaged; ModelUnavailable
 * @see Kragh et al. 2019, Table A.9
 * @example
 * const segmenter = await openSegmenter(bytes, { sha256: manifest.networks.cropper.sha256, threads: 2 });
 */
export async function openSegmenter(network: Uint8Array | string, options: SegmenterOptions): Promise<OpenSegmenter> {
  const signature = { name: "cropper.onnx", inputs: ["picture"], outputs: ["embryo"] };
  return createSegmenter(await openNetwork(network, signature, options), options.sha256);
}

/** The segmenter over a loaded cropper. */
export function createSegmenter(cropper: NetworkSession, sha256: string): OpenSegmenter {
  return {
    sha256,
    async segment(pictures) {
      const masks: Float32Array[] = [];
      for (let first = 0; first < pictures.length; first += PICTURES_PER_CALL) {
        masks.push(...(await segmentTogether(cropper, pictures.slice(first, first + PICTURES_PER_CALL))));
      }
      return masks;
    },
    close: () => cropper.release(),
  };
}

async function segmentTogether(cropper: NetworkSession, pictures: readonly Uint8Array[]): Promise<Float32Array[]> {
  const values = new Uint8Array(pictures.length * PICTURE_BYTES);
  pictures.forEach((picture, n) => {
    if (picture.length !== PICTURE_BYTES) throw new RangeError(`a picture of ${picture.length} bytes, not [3, 64, 64]`);
    values.set(picture, n * PICTURE_BYTES);
  });
  const { embryo } = await cropper.run(
    { picture: { type: "uint8", values, shape: [pictures.length, 3, SIDE, SIDE] } },
    ["embryo"],
  );
  if (embryo?.length !== pictures.length * SIDE * SIDE || !embryo.every((p) => p >= 0 && p <= 1 + ROUNDING)) {
    throw new ModelFailed("The cropper answered something other than one probability per pixel.");
  }
  return pictures.map((_, n) => embryo.slice(n * SIDE * SIDE, (n + 1) * SIDE * SIDE).map((p) => Math.min(p, 1)));
}
