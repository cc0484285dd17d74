import type { SessionOptions } from "../../adapters/onnx/network-session.ts";
import { openPregnancyScorer } from "../../adapters/onnx/pregnancy-scorer.ts";
import { openTissueSegmenter } from "../../adapters/onnx/tissue-segmenter.ts";
import type { Clip } from "../../core/contracts/clip.ts";
import type { Warning } from "../../core/contracts/identifiers.ts";
import { firstCellCentrePx } from "../../core/pregnancy/attention-cells.ts";
import { enhancedImage, plainImage } from "../../core/pregnancy/enhanced-image.ts";
import { pregnancyPrediction } from "../../core/pregnancy/pregnancy-prediction.ts";
import { pregnancyStill } from "../../core/pregnancy/pregnancy-still.ts";
import { type LoadedBundle, readNetwork } from "../bundle/load-bundle.ts";
import type { ClipAnswer } from "./clip-answer.ts";

const AGE_MISSING: Warning = {
  code: "AGE_MISSING",
  detail: "Nobody said the woman's age, so there is no probability of pregnancy. Upload it again with her age.",
};
const PREGNANCY_NOT_OFFERED: Warning = {
  code: "PREGNANCY_NOT_OFFERED",
  detail: "The serving model has no pregnancy networks, so there is no probability of pregnancy.",
};

/** A bundle's segmenter and pregnancy network. */
export interface PregnancyNetworks {
  /** @throws ModelFailed; PredictionInvalid; BundleDamaged */
  answer(clip: Clip): Promise<Pick<ClipAnswer, "pregnancy" | "warnings">>;
  close(): Promise<void>;
}

/**
 * Opens a bundle's pregnancy networks; one without them answers that it has none.
 *
 * @throws BundleDamaged; ModelUnavailable
 * @see Kim et al. 2024, Fig. 1
 */
export async function openPregnancyNetworks(bundle: LoadedBundle, options: SessionOptions): Promise<PregnancyNetworks> {
  const { pregnancy } = bundle.manifest.networks;
  if (pregnancy === undefined) {
    return { answer: async () => ({ pregnancy: null, warnings: [PREGNANCY_NOT_OFFERED] }), close: async () => {} };
  }
  const segmenter = await openTissueSegmenter(await readNetwork(bundle, "segmenter"), options);
  const scorer = await openPregnancyScorer(await readNetwork(bundle, "pregnancy"), options).catch(async (error) => {
    await segmenter.close();
    throw error;
  });
  const firstCellPx = firstCellCentrePx(pregnancy.architecture);
  return {
    async answer(clip) {
      const { ageYears } = clip.meta;
      if (ageYears === null) return { pregnancy: null, warnings: [AGE_MISSING] };
      const still = pregnancyStill(clip);
      const masks = await segmenter.segment(still);
      const image = pregnancy.input === "enhanced" ? enhancedImage(still, masks) : plainImage(still);
      return pregnancyPrediction({ ...(await scorer.score(image, ageYears)), ageYears, masks, firstCellPx });
    },
    async close() {
      await segmenter.close();
      await scorer.close();
    },
  };
}
