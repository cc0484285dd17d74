import { join } from "node:path";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { FOCAL_PLANES_UM } from "../../core/contracts/clip.ts";
import { isInMask } from "../../core/cropping/embryo-mask.ts";
import { findEmbryo } from "../../core/cropping/look.ts";
import { diceCoefficient } from "../../core/cropping/truth-mask.ts";
import type { EmbryoSegmenter } from "../../core/ports.ts";
import { bootstrapInterval, type Interval } from "../../core/statistics/bootstrap.ts";
import { mean } from "../../core/statistics/grade-statistics.ts";
import { BLASTOCYST_STAGE_HPI } from "../../core/timelapse/hourly-grid.ts";
import { type LoadedBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";
import { type PhantomEmbryo, renderMasks, stackPictures } from "../../phantom/index.ts";
import { PHANTOMS_FILE, phantomOf, readPhantomsFile } from "../dataset/sources/phantoms.ts";

/** How well the crop station outlines the embryos of a test set, each once, in pictures as a clinic uploads them. */
export interface ServedOutlines {
  /** Phantoms with an embryo, of whatever kind. */
  readonly embryos: number;
  /** Mean Dice coefficient over them, 0 to 1; an embryo that is not found has 0. The interval is over whole cycles. */
  readonly dice: Interval;
  readonly lowest: number;
  readonly notFound: number;
  readonly emptyWells: number;
  /** Empty wells in which an embryo was seen. */
  readonly falseFinds: number;
}

/** Hours after the first that is graded; by the embryo's number, so that every hour of them is seen. */
const HOURS = 30;

/**
 * Draws every phantom of a test set once, at some hour from 90 to 119 hpi, and outlines it as the crop station does.
 *
 * @param dir folder with `phantoms.json`
 * @throws Error with a sentence when the folder holds no phantoms; SourceInvalid
 */
export async function servedOutlines(
  bundle: LoadedBundle,
  dir: string,
  { threads, resamples }: { readonly threads: number; readonly resamples: number },
): Promise<ServedOutlines> {
  const file = await readPhantomsFile(dir);
  if (file === null) throw new Error(`${join(dir, PHANTOMS_FILE)} is missing: the test's embryos have to be phantoms.`);
  const { sha256 } = bundle.manifest.networks.cropper;
  const segmenter = await openSegmenter(await readNetwork(bundle, "cropper"), { sha256, threads });
  const outlined: { cycleId: string; dice: number | null }[] = [];
  let [emptyWells, falseFinds] = [0, 0];
  try {
    for (let index = 0; index < file.embryos; index++) {
      const embryo = phantomOf(file, index);
      const hpi = BLASTOCYST_STAGE_HPI + ((index * 7) % HOURS);
      const dice = await diceOf(embryo, hpi, segmenter);
      if (embryo.kind !== "empty") outlined.push({ cycleId: embryo.cycleId, dice });
      else {
        emptyWells++;
        if (dice !== null) falseFinds++;
      }
    }
  } finally {
    await segmenter.close();
  }
  const meanDice = (some: readonly (typeof outlined)[number][]) => mean(some.map(({ dice }) => dice ?? 0));
  const resampling = { seed: 1, resamples, level: 0.95, clusterOf: ({ cycleId }: { cycleId: string }) => cycleId };
  return {
    embryos: outlined.length,
    dice: bootstrapInterval(outlined, meanDice, resampling),
    lowest: Math.min(...outlined.map(({ dice }) => dice ?? 0)),
    notFound: outlined.filter(({ dice }) => dice === null).length,
    emptyWells,
    falseFinds,
  };
}

/** Null where no embryo is found. */
async function diceOf(embryo: PhantomEmbryo, hpi: number, segmenter: EmbryoSegmenter): Promise<number | null> {
  const pictures = await stackPictures(embryo, hpi, FOCAL_PLANES_UM);
  const planes = await Promise.all(pictures.map(async (bytes) => (await sharpDecoder.decodeGrey(bytes)).image));
  const { mask } = await findEmbryo(planes, segmenter);
  if (mask === null) return null;
  const truth = renderMasks(embryo, hpi).embryo;
  const { width } = planes[0]!;
  const found = truth.map((_, p) => (isInMask(mask, p % width, Math.floor(p / width)) ? 1 : 0));
  return diceCoefficient(found, truth);
}
