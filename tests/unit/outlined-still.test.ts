import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { outlinedStill } from "../../cli/dataset/outlined-still.ts";
import { cropWindow } from "../../core/cropping/crop-window.ts";
import { resample } from "../../core/cropping/resample.ts";
import type { EmbryoSegmenter, GreyImage } from "../../core/ports.ts";
import { blindSegmenter, discSegmenter, treeOf } from "../builders/dataset-folders.ts";
import * as pictures from "../builders/pictures.ts";

const SIZE = { width: 400, height: 300 };
const PICTURE = pictures.greyPicture(SIZE);

/** White in a box and black elsewhere. */
function mask(left: number, right: number, { width, height } = SIZE): GreyImage {
  const pixels = Uint8Array.from({ length: width * height }, (_, p) => {
    const [x, y] = [p % width, Math.floor(p / width)];
    return x >= left && x < right && y >= 100 && y < 200 ? 255 : 0;
  });
  return { width, height, pixels };
}

const ICM = mask(120, 200);
const TE = mask(180, 280);

async function stillOf(
  { picture = pictures.bmp(PICTURE), icm = pictures.bmp(ICM), te = pictures.bmp(TE) } = {},
  segmenter: EmbryoSegmenter = discSegmenter,
) {
  const folder = await treeOf({ "a.bmp": picture, "a_icm.bmp": icm, "a_te.bmp": te });
  const [a, ofIcm, ofTe] = ["a.bmp", "a_icm.bmp", "a_te.bmp"].map((name) => join(folder, name));
  return outlinedStill({ picture: a!, icm: ofIcm!, te: ofTe! }, { segmenter, pictures: sharpDecoder });
}

describe("a picture with outlines of ICM and TE", () => {
  it("is cropped around the embryo, and its masks with it", async () => {
    const { still, truth, warnings } = await stillOf();

    // The cropper's disc of 20 of 64 cells lies in the middle, and needs 250 pixels.
    const bounds = { left: 75, top: 25, right: 325, bottom: 275 };
    const window = cropWindow(SIZE, { centre: { x: 200, y: 150 }, bounds });
    expect(still).toEqual(resample(PICTURE, window, 224));
    const at = (x: number, y: number) => {
      const toCrop = (position: number, start: number) => Math.floor(((position - start) * 224) / window.size);
      return truth[toCrop(y, window.top) * 224 + toCrop(x, window.left)];
    };
    // Other, ICM, both (which is ICM), TE, other.
    expect([100, 150, 190, 240, 300].map((x) => at(x, 150))).toEqual([0, 1, 1, 2, 0]);
    expect([50, 250].map((y) => at(150, y))).toEqual([0, 0]);
    expect(warnings.map(({ code }) => code)).toEqual(["CROP_GROWN"]);
  });

  it("may have a mask whose white is a pale grey", async () => {
    const white = await stillOf();

    const pale = await stillOf({
      icm: pictures.bmp({ ...ICM, pixels: ICM.pixels.map((grey) => Math.min(grey, 200)) }),
    });

    expect(pale.truth).toEqual(white.truth);
  });

  it("may have masks of a lossy format", async () => {
    const lossless = await stillOf();

    const lossy = await stillOf({ icm: await pictures.greyJpeg(ICM), te: await pictures.greyJpeg(TE) });

    const differing = lossy.truth.filter((label, p) => label !== lossless.truth[p]).length;
    expect(differing).toBeLessThan(0.01 * 224 * 224);
  });

  it.each<[string, () => Promise<Parameters<typeof stillOf>[0]>, string]>([
    [
      "a mask of another size",
      async () => ({ te: pictures.bmp(mask(1, 90, { width: 300, height: 400 })) }),
      "MASK_SIZE_DIFFERS",
    ],
    ["a mask with greys", async () => ({ icm: pictures.bmp(PICTURE) }), "MASK_NOT_BLACK_AND_WHITE"],
    ["an empty mask", async () => ({ icm: pictures.bmp(mask(0, 0)) }), "MASK_EMPTY"],
    ["a mask beside the crop", async () => ({ te: pictures.bmp(mask(0, 20)) }), "MASK_OUTSIDE_CROP"],
    ["half a picture", async () => ({ picture: await pictures.halfJpeg(PICTURE) }), "IMAGE_UNREADABLE"],
    ["a mask that is a text", async () => ({ te: pictures.text() }), "IMAGE_UNSUPPORTED"],
  ])("is not used with %s, and the file is named", async (_what, build, code) => {
    await expect(stillOf(await build())).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/a(_icm|_te)?\.bmp/),
    });
  });

  it("is not used where the cropper sees no embryo", async () => {
    await expect(stillOf({}, blindSegmenter)).rejects.toMatchObject({ code: "EMBRYO_NOT_FOUND" });
  });
});
