import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { readTable } from "../../cli/dataset/csv.ts";
import { findEmbryo } from "../../core/cropping/look.ts";
import { resample } from "../../core/cropping/resample.ts";
import type { GreyImage } from "../../core/ports.ts";
import { tissueLabels } from "../../core/pregnancy/tissue-labels.ts";
import { phantomEmbryo, renderFrame, renderMasks } from "../../phantom/index.ts";
import { treeOf } from "../builders/dataset-folders.ts";
import * as pictures from "../builders/pictures.ts";

const CROPPER = "model-container/models/demo/cropper.onnx";

interface Drawn {
  readonly image: GreyImage;
  readonly icm: GreyImage;
  readonly te: GreyImage;
}

describe("prepare-dataset segmentation", () => {
  it("crops what can be used as serving does, with the outlines, and says what cannot be used", async () => {
    const drawn = [0, 1, 2].map(drawing);
    const source = await treeOf({
      ...filesOf("Blast_PCRM_1201754 D5", drawn[0]!),
      ...filesOf("Blast_PCRM_R14-0411a", drawn[1]!),
      ...filesOf("Blast_PCRM_R14-0411b", drawn[2]!),
      ...filesOf("Blast_PCRM_empty", { ...drawn[0]!, icm: blank(drawn[0]!.icm) }),
      ...filesOf("Blast_PCRM_nowhere", { ...drawn[0]!, image: blank(drawn[0]!.image) }),
      "Images/Blast_PCRM_alone.BMP": pictures.bmp(drawn[0]!.image, { bits: 8 }),
    });
    const out = await treeOf({});

    const { exitCode, stdout } = await prepare(["--source", source, "--out", out]);

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ out, pictures: 3 },
      problems: { MASK_MISSING: 2, MASK_EMPTY: 1, EMBRYO_NOT_FOUND: 1 },
    });
    const { rows } = await readTable(join(out, "pictures.csv"));
    expect(rows.map(({ cells }) => [cells.name, cells.patient])).toEqual([
      ["Blast_PCRM_1201754 D5", "1201754"],
      ["Blast_PCRM_R14-0411a", "r14-0411"],
      ["Blast_PCRM_R14-0411b", "r14-0411"],
    ]);
    expect(rows[1]!.cells.split).toBe(rows[2]!.cells.split);
    const { images, masks, split } = await readSegmentation(out);
    expect([images.shape, masks.shape, split.shape]).toEqual([[3, 224, 224], [3, 224, 224], [3]]);
    expect([...split.array]).toEqual(rows.map(({ cells }) => ["train", "validation", "test"].indexOf(cells.split!)));
    const served = await Promise.all(drawn.map(asServed));
    const plane = 224 * 224;
    for (const [row, { still, truth }] of served.entries()) {
      expect((images.array as Uint8Array).subarray(row * plane, (row + 1) * plane)).toEqual(still);
      expect((masks.array as Uint8Array).subarray(row * plane, (row + 1) * plane)).toEqual(truth);
      expect(new Set(truth)).toEqual(new Set([0, 1, 2]));
    }
  });

  it("puts all in the test when told so", async () => {
    const source = await treeOf({ ...filesOf("a", drawing(0)), ...filesOf("b", drawing(1)) });
    const out = await treeOf({});

    const { stdout } = await prepare(["--source", source, "--out", out, "--test-share", "1"]);

    expect(JSON.parse(stdout)).toMatchObject({ splits: { train: 0, validation: 0, test: 2 } });
  });

  it("says in a sentence what it cannot prepare, and how it is asked", async () => {
    const empty = await treeOf({});
    const nothing = await treeOf({ ...filesOf("a", { ...drawing(0), te: blank(drawing(0).te) }) });
    const out = await treeOf({});

    const unknown = await prepare(["--source", empty, "--out", out]);
    const unusable = await prepare(["--source", nothing, "--out", out]);
    const asked = await prepare(["--out", out]);

    expect([unknown.exitCode, unusable.exitCode, asked.exitCode]).toEqual([1, 1, 2]);
    expect(unknown.stderr).toMatch(/There is no folder Images/);
    expect(unusable.stderr).toMatch(/No picture of the source could be used: 1 MASK_EMPTY/);
    expect(asked.stderr).toMatch(/--source is missing.*\nUsage:/);
  });
});

function drawing(index: number): Drawn {
  const embryo = phantomEmbryo({ seed: 7, index, kind: "blastocyst", instrument: "inverted-microscope" });
  const image = renderFrame(embryo, 117, 0);
  const masks = renderMasks(embryo, 117);
  const outline = (mask: Uint8Array): GreyImage => ({ ...image, pixels: mask.map((inside) => 255 * inside) });
  return { image, icm: outline(masks.icm), te: outline(masks.te) };
}

function blank(image: GreyImage): GreyImage {
  return { ...image, pixels: new Uint8Array(image.pixels.length) };
}

/** A picture and its masks as the public set names them. */
function filesOf(name: string, { image, icm, te }: Drawn): Record<string, Uint8Array> {
  const file = (picture: GreyImage) => pictures.bmp(picture, { bits: 8 });
  return {
    [`Images/${name}.BMP`]: file(image),
    [`GT_ICM/${name} ICM_Mask.bmp`]: file(icm),
    [`GT_TE/${name} TE_Mask.bmp`]: file(te),
    [`GT_ZP/${name} ZP_Mask.bmp`]: file(te),
  };
}

async function asServed({ image, icm, te }: Drawn) {
  const segmenter = await openSegmenter(new Uint8Array(await readFile(CROPPER)), { sha256: "", threads: 1 });
  const { window } = await findEmbryo([image, image, image], segmenter);
  await segmenter.close();
  return { still: resample(image, window!, 224), truth: tissueLabels(icm, te, window!) };
}

function prepare(args: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const command = ["cli/prepare-dataset.ts", "segmentation", "--cropper", CROPPER, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function readSegmentation(out: string) {
  const npz = decodeNpz(new Uint8Array(await readFile(join(out, "segmentation.npz"))));
  const array = (name: string) => decodeNpy(npz.get(name)!);
  return { images: array("images.npy"), masks: array("masks.npy"), split: array("split.npy") };
}
