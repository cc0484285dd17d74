// Segments one still after the other and has the networks score it; see ../dataset/ordered-workers.ts.
import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { openPregnancyScorer } from "../../adapters/onnx/pregnancy-scorer.ts";
import { openTissueSegmenter } from "../../adapters/onnx/tissue-segmenter.ts";
import type { Focus } from "../../core/contracts/prediction.ts";
import { firstCellCentrePx } from "../../core/pregnancy/attention-cells.ts";
import { enhancedImage, plainImage } from "../../core/pregnancy/enhanced-image.ts";
import { attentionFocus, focusDistancePx } from "../../core/pregnancy/focus.ts";
import { pregnancyStill } from "../../core/pregnancy/pregnancy-still.ts";
import type { TissueMasks } from "../../core/pregnancy/tissue-masks.ts";
import { clipFile } from "../evaluation/prepared-data-set.ts";
import type { PregnancyNetwork } from "./networks.ts";

export interface ScoringTask {
  /** Folder of the data set. */
  readonly dir: string;
  /** Bytes of `segmenter.onnx`. */
  readonly segmenter: Uint8Array;
  readonly networks: readonly PregnancyNetwork[];
  /** Places in `networks` of those that score an embryo, by its name. */
  readonly scoredBy: ReadonlyMap<string, readonly number[]>;
}

/** What a network says of an embryo. */
export interface NetworkAnswer {
  /** 0 to 1. */
  readonly rawScore: number;
  readonly focus: Focus;
  /** From the map's peak to the nearest pixel of ICM or TE; null where there is no peak or no tissue. */
  readonly focusDistancePx: number | null;
}

export interface ScoredEmbryo {
  readonly embryoId: string;
  /** In the order of `scoredBy`. */
  readonly answers: readonly NetworkAnswer[];
  readonly masks: TissueMasks;
}

const { dir, segmenter: bytes, networks, scoredBy } = workerData as ScoringTask;
// Listened to at once: the first embryo is asked for while the networks are being opened.
const opened = Promise.all([
  openTissueSegmenter(bytes, { threads: 1 }),
  Promise.all(networks.map(({ onnx }) => openPregnancyScorer(onnx, { threads: 1 }))),
]);
parentPort!.on("message", async (embryoId: string) => {
  const [segmenter, scorers] = await opened;
  const clip = npzClipFormat.decode(new Uint8Array(await readFile(clipFile(dir, embryoId))));
  const still = pregnancyStill(clip);
  const masks = await segmenter.segment(still);
  const images = { enhanced: enhancedImage(still, masks), plain: plainImage(still) };
  const answers: NetworkAnswer[] = [];
  for (const place of scoredBy.get(embryoId) ?? []) {
    const { rawScore, attention } = await scorers[place]!.score(
      images[networks[place]!.model.input],
      clip.meta.ageYears!,
    );
    const firstCellPx = firstCellCentrePx(networks[place]!.model.network);
    answers.push({
      rawScore,
      focus: attentionFocus(attention, masks, firstCellPx),
      focusDistancePx: focusDistancePx(attention, masks, firstCellPx),
    });
  }
  const scored: ScoredEmbryo = { embryoId, answers, masks };
  parentPort!.postMessage(scored);
});
