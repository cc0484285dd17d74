import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { TISSUES } from "../../core/contracts/segmentation.ts";
import { ModelFailed } from "../../core/errors.ts";
import { type TissueMasks, tissueMasks } from "../../core/pregnancy/tissue-masks.ts";
import { type NetworkSession, openNetwork, type SessionOptions } from "./network-session.ts";

const PIXELS = CLIP_SIZE ** 2;

export interface TissueSegmenter {
  /**
   * Where ICM and TE are.
   *
   * @param still uint8 [224, 224], the centre plane of a crop
   * @throws ModelFailed
   */
  segment(still: Uint8Array): Promise<TissueMasks>;
  close(): Promise<void>;
}

/**
 * Opens the segmenter of ICM and TE. Segmenting blocks the calling thread while the network computes.
 *
 * @param network bytes or path of `segmenter.onnx`: `still` uint8 [N, 1, 224, 224] to `tissues` float32 [N, 3, 224, 224]
 * @throws BundleDamaged; ModelUnavailable
 * @example
 * const segmenter = await openTissueSegmenter(bytes, { threads: 2 });
 * const { icm, te } = await segmenter.segment(still);
 */
export async function openTissueSegmenter(
  network: Uint8Array | string,
  options: SessionOptions,
): Promise<TissueSegmenter> {
  const signature = { name: "segmenter.onnx", inputs: ["still"], outputs: ["tissues"] };
  return createTissueSegmenter(await openNetwork(network, signature, options));
}

/** The segmenter over a loaded network. */
export function createTissueSegmenter(network: NetworkSession): TissueSegmenter {
  return {
    async segment(still) {
      if (still.length !== PIXELS) throw new RangeError(`a still of ${still.length} pixels, not [224, 224]`);
      const input = { type: "uint8", values: still, shape: [1, 1, CLIP_SIZE, CLIP_SIZE] } as const;
      const { tissues } = await network.run({ still: input }, ["tissues"]);
      // With a NaN no comparison holds, and the pixel would silently be none of the two.
      if (tissues?.length !== TISSUES.length * PIXELS || !tissues.every(Number.isFinite)) {
        throw new ModelFailed("The segmenter answered something other than three probabilities per pixel.");
      }
      return tissueMasks(tissues);
    },
    close: () => network.release(),
  };
}
