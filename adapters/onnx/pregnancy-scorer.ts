import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { ATTENTION_SIZE } from "../../core/contracts/prediction.ts";
import { BundleDamaged, PredictionInvalid } from "../../core/errors.ts";
import { type NetworkSession, openNetwork, type SessionOptions } from "./network-session.ts";
import { isShapeArithmetic } from "./node-placement.ts";

/** What a pregnancy network says of one image. */
export interface PregnancyScores {
  /** Sigmoid of the logit, 0 to 1. */
  readonly rawScore: number;
  /** Grad-CAM of the logit, [7, 7] row by row, from 0 on. */
  readonly attention: readonly number[];
}

export interface PregnancyScorer {
  /**
   * @param image uint8 [3, 224, 224], enhanced or plain as the network was trained
   * @throws ModelFailed; PredictionInvalid where anything is not finite
   */
  score(image: Uint8Array, ageYears: number): Promise<PregnancyScores>;
  close(): Promise<void>;
}

/**
 * Opens a pregnancy network. Scoring blocks the calling thread while it computes.
 *
 * @param network bytes or path of `pregnancy.onnx`: `image` uint8 [N, 3, 224, 224] and `age_years` float32 [N] to `logit`
 *   float32 [N] and `attention` float32 [N, 7, 7]
 * @throws BundleDamaged; ModelUnavailable
 * @see Kim et al. 2024, Fig. 3
 * @example
 * const scorer = await openPregnancyScorer(bytes, { threads: 2 });
 * const { rawScore, attention } = await scorer.score(enhancedImage(still, masks), 34);
 */
export async function openPregnancyScorer(
  network: Uint8Array | string,
  options: SessionOptions,
): Promise<PregnancyScorer> {
  const signature = { name: "pregnancy.onnx", inputs: ["image", "age_years"], outputs: ["logit", "attention"] };
  return createPregnancyScorer(await openNetwork(network, { ...signature, allowedOnCpu: isShapeArithmetic }, options));
}

/** The scorer over a loaded pregnancy network. */
export function createPregnancyScorer(network: NetworkSession): PregnancyScorer {
  return {
    async score(image, ageYears) {
      if (image.length !== 3 * CLIP_SIZE ** 2)
        throw new RangeError(`an image of ${image.length} values, not [3, 224, 224]`);
      const { logit, attention } = await network.run(
        {
          image: { type: "uint8", values: image, shape: [1, 3, CLIP_SIZE, CLIP_SIZE] },
          age_years: { type: "float32", values: Float32Array.of(ageYears), shape: [1] },
        },
        ["logit", "attention"],
      );
      if (logit?.length !== 1 || attention?.length !== ATTENTION_SIZE ** 2) {
        throw new BundleDamaged("The pregnancy network does not give one logit and a map of 7 x 7.");
      }
      if (!Number.isFinite(logit[0]) || !attention.every((value) => Number.isFinite(value) && value >= 0)) {
        throw new PredictionInvalid("The pregnancy network answered something that is not finite.");
      }
      return { rawScore: 1 / (1 + Math.exp(-logit[0]!)), attention: [...attention] };
    },
    close: () => network.release(),
  };
}
