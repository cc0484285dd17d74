import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { readPreparedEmbryos, readPreparedManifest } from "../../cli/bundle/dataset-reader.ts";
import { type BlastocystStill, drawBlastocystStill } from "../../cli/dataset/blastocyst-still.ts";
import { prepareBlastocysts } from "../../cli/dataset/blastocysts.ts";
import { SPLITS } from "../../cli/dataset/split.ts";
import type { EmbryoSegmenter } from "../../core/ports.ts";
import { pregnancyStill } from "../../core/pregnancy/pregnancy-still.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";

const PLANE = 224 ** 2;

/** Sees an embryo in the middle of every picture. */
const middling: EmbryoSegmenter = {
  sha256: "c".repeat(64),
  segment: async (pictures) =>
    pictures.map(() =>
      Float32Array.from({ length: 64 * 64 }, (_, cell) =>
        Math.hypot((cell % 64) - 31.5, cell / 64 - 31.5) < 20 ? 1 : 0,
      ),
    ),
};
const blind: EmbryoSegmenter = { ...middling, segment: async (pictures) => pictures.map(() => new Float32Array(4096)) };

const drawn = async (index: number, otherMicroscopes = 0): Promise<BlastocystStill> =>
  (await drawBlastocystStill({ seed: 5, otherMicroscopes }, index, middling))!;

describe("a drawn blastocyst", () => {
  it("is a clip of one frame at its tMEB, with the woman's age, and the still is its centre plane", async () => {
    const { embryo, clip, still } = await drawn(3);

    const { frames, hpi, meta } = npzClipFormat.decode(clip);
    expect(hpi).toHaveLength(1);
    expect(Math.abs(hpi[0]! - embryo.tMebHpi)).toBeLessThan(0.25);
    expect(meta).toMatchObject({ ageYears: embryo.ageYears, kind: "time-lapse" });
    expect(pregnancyStill({ frames, hpi })).toEqual(still);
    expect(frames.subarray(0, PLANE)).not.toEqual(still);
  });

  it("has the truth where the picture shows cells: the TE as a ring around the cavity, the ICM within it", async () => {
    const { truth } = await drawn(3);

    const share = (label: number) => truth.filter((own) => own === label).length / PLANE;
    expect(share(1)).toBeGreaterThan(0.002);
    expect(share(2)).toBeGreaterThan(0.02);
    expect(share(0)).toBeGreaterThan(0.6);
    const ring = Array.from(truth.keys()).filter((p) => truth[p] === 2);
    const middle = ring.reduce((sum, p) => sum + (p % 224), 0) / ring.length;
    const row = Math.round(ring.reduce((sum, p) => sum + Math.floor(p / 224), 0) / ring.length);
    // No trophectoderm, seen edge-on, in the middle of the cavity.
    expect(truth[row * 224 + Math.round(middle)]).not.toBe(2);
  });

  it("has one plane for all three from another microscope", async () => {
    const { embryo, clip } = await drawn(3, 1);

    const { frames } = npzClipFormat.decode(clip);
    expect(embryo.instrument).toBe("inverted-microscope");
    expect(frames.subarray(0, PLANE)).toEqual(frames.subarray(PLANE, 2 * PLANE));
    expect(frames.subarray(0, PLANE)).toEqual(frames.subarray(2 * PLANE));
  });

  it("is the same one of the same seed, and none where the cropper sees no embryo", async () => {
    const [one, again] = [await drawn(4), await drawn(4)];
    const missed = await drawBlastocystStill({ seed: 5, otherMicroscopes: 0 }, 4, blind);

    expect(again).toEqual(one);
    expect(missed).toBeNull();
  });
});

describe("a data set of blastocysts", () => {
  it("has every embryo's row, clip, still and truth in the same order, and splits no cycle", async () => {
    const out = await mkdtemp(join(tmpdir(), "blastocysts-"));
    const cropper = new Uint8Array(await readFile(join(DEMO_BUNDLE, "cropper.onnx")));

    const count = await prepareBlastocysts({
      ...{ out, cropper, draw: { seed: 6, otherMicroscopes: 0.3 }, blastocysts: 14 },
      ...{ shares: { validation: 0.3, test: 0.3 }, progress: () => {} },
    });

    const embryos = await readPreparedEmbryos(out);
    const arrays = decodeNpz(new Uint8Array(await readFile(join(out, "segmentation.npz"))));
    const [images, masks, split] = ["images", "masks", "split"].map((name) => decodeNpy(arrays.get(`${name}.npy`)!));
    expect(await readPreparedManifest(out)).toMatchObject({ source: "phantoms", sequences: true });
    expect(embryos).toHaveLength(count);
    expect([images!.shape, masks!.shape]).toEqual([
      [count, 224, 224],
      [count, 224, 224],
    ]);
    for (const [row, embryo] of embryos.entries()) {
      const clip = npzClipFormat.decode(new Uint8Array(await readFile(join(out, "clips", `${embryo.embryoId}.npz`))));
      expect(images!.array.subarray(row * PLANE, (row + 1) * PLANE)).toEqual(pregnancyStill(clip));
      expect(SPLITS[split!.array[row]!]).toBe(embryo.split);
    }
    for (const [, own] of Map.groupBy(embryos, ({ cycleId }) => cycleId)) {
      expect(new Set(own.map(({ split: of }) => of)).size).toBe(1);
    }
    expect(embryos.some(({ outcome }) => outcome !== null)).toBe(true);
  });
});
