import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { openTissueSegmenter } from "../../adapters/onnx/tissue-segmenter.ts";
import { readPreparedEmbryos } from "../../cli/bundle/dataset-reader.ts";
import { prepareBlastocysts } from "../../cli/dataset/blastocysts.ts";
import { readTable } from "../../cli/dataset/csv.ts";
import { foldOfCycle, prepareEnhancedImages } from "../../cli/dataset/enhanced-images.ts";
import { enhancedImage } from "../../core/pregnancy/enhanced-image.ts";
import { pregnancyStill } from "../../core/pregnancy/pregnancy-still.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";

const IMAGE = 3 * 224 ** 2;
const network = async (name: string) => new Uint8Array(await readFile(join(DEMO_BUNDLE, name)));

describe("the images that the pregnancy networks train on", () => {
  it("are those that serving makes of the same clips, row by row with ages, folds and outcomes", async () => {
    const dir = await mkdtemp(join(tmpdir(), "enhanced-"));
    await prepareBlastocysts({
      ...{ out: dir, cropper: await network("cropper.onnx"), draw: { seed: 8, otherMicroscopes: 0 }, blastocysts: 12 },
      ...{ shares: { validation: 0, test: 0.4 }, progress: () => {} },
    });

    const counts = await prepareEnhancedImages({
      ...{ dir, segmenter: await network("segmenter.onnx"), threads: 1, progress: () => {} },
    });

    const embryos = await readPreparedEmbryos(dir);
    const { array, shape } = decodeNpy(new Uint8Array(await readFile(join(dir, "enhanced.npy"))));
    const { rows } = await readTable(join(dir, "pregnancy.csv"));
    const segmenter = await openTissueSegmenter(await network("segmenter.onnx"), { threads: 1 });
    expect(shape).toEqual([embryos.length, 3, 224, 224]);
    expect(counts.embryos).toBe(embryos.length);
    for (const [row, { embryoId, cycleId, split, outcome, icmVotes }] of embryos.entries()) {
      const clip = npzClipFormat.decode(new Uint8Array(await readFile(join(dir, "clips", `${embryoId}.npz`))));
      const still = pregnancyStill(clip);
      const served = enhancedImage(still, await segmenter.segment(still));
      expect(array.subarray(row * IMAGE, (row + 1) * IMAGE)).toEqual(served);
      expect(rows[row]!.cells).toMatchObject({
        embryo_id: embryoId,
        age_years: String(clip.meta.ageYears),
        fold: split === "test" ? "" : String(foldOfCycle(cycleId)),
        icm_votes: icmVotes.join(""),
        outcome: outcome === null ? "" : String(outcome),
      });
    }
    await segmenter.close();
  });

  it("deal cycles to three folds of about the same size", () => {
    const folds = Array.from({ length: 3000 }, (_, n) => foldOfCycle(`cycle ${n}`));

    const shares = [0, 1, 2].map((fold) => folds.filter((own) => own === fold).length / folds.length);
    for (const share of shares) expect(Math.abs(share - 1 / 3)).toBeLessThan(0.04);
  });

  it("are refused of a folder without clips", async () => {
    const dir = await mkdtemp(join(tmpdir(), "enhanced-"));
    const segmenter = await network("segmenter.onnx");

    const prepared = prepareEnhancedImages({ dir, segmenter, threads: 1, progress: () => {} });

    await expect(prepared).rejects.toThrow("no finished data set");
  });
});
