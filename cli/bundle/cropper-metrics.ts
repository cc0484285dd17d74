import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { CROPPER_SIZE } from "../../core/cropping/embryo-mask.ts";
import { diceCoefficient } from "../../core/cropping/truth-mask.ts";
import { mean } from "../../core/statistics/grade-statistics.ts";
import { type LoadedBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";

/** How well a cropper outlines embryos on pictures that it was not trained on. */
export interface CropperMetrics {
  /** Pictures with an embryo. */
  readonly testPictures: number;
  /** Mean Dice coefficient over them, 0 to 1; null where there are none. The paper: 0.960. */
  readonly dice: number | null;
  readonly emptyPictures: number;
  /** Share of the empty pictures of which more than a hundredth was called embryo; null where there are none. */
  readonly emptyCalledEmbryo: number | null;
}

const CELLS = CROPPER_SIZE ** 2;

/**
 * Measures a bundle's cropper on all pictures of a folder of their own; none of them may have been trained on.
 *
 * @param dir folder with `cropper.npz`, as `prepare-dataset cropper` writes it
 * @throws Error with a sentence when the folder has no such file
 */
export async function cropperMetrics(bundle: LoadedBundle, dir: string, threads: number): Promise<CropperMetrics> {
  const { images, masks } = await readPictures(join(dir, "cropper.npz"));
  const { sha256 } = bundle.manifest.networks.cropper;
  const segmenter = await openSegmenter(await readNetwork(bundle, "cropper"), { sha256, threads });
  const dices: number[] = [];
  const falseFinds: number[] = [];
  try {
    for (let n = 0; n * CELLS < masks.length; n++) {
      const [scores] = await segmenter.segment([images.subarray(n * 3 * CELLS, (n + 1) * 3 * CELLS)]);
      const found = Uint8Array.from(scores!, (score) => (score > 0.5 ? 1 : 0));
      const truth = masks.subarray(n * CELLS, (n + 1) * CELLS);
      if (truth.includes(1)) dices.push(diceCoefficient(found, truth));
      else falseFinds.push(mean([...found]) > 0.01 ? 1 : 0);
    }
  } finally {
    await segmenter.close();
  }
  return {
    testPictures: dices.length,
    dice: dices.length === 0 ? null : mean(dices),
    emptyPictures: falseFinds.length,
    emptyCalledEmbryo: falseFinds.length === 0 ? null : mean(falseFinds),
  };
}

/** uint8 [N, 3, 64, 64] and uint8 [N, 64, 64]. */
async function readPictures(file: string): Promise<{ images: Uint8Array; masks: Uint8Array }> {
  const bytes = await readFile(file).catch((cause) => {
    throw new Error(`${file} cannot be read. Make it with \`prepare-dataset cropper\`.`, { cause });
  });
  const arrays = decodeNpz(new Uint8Array(bytes));
  const array = (name: string) => {
    const found = arrays.get(name);
    if (found === undefined) throw new Error(`${file} has no ${name}.`);
    return decodeNpy(found).array as Uint8Array;
  };
  return { images: array("images.npy"), masks: array("masks.npy") };
}
