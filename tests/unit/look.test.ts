import { describe, expect, it } from "vitest";
import { cropPlanes, findEmbryo, lookWarnings, refuseOtherSize } from "../../core/cropping/look.ts";
import type { EmbryoSegmenter, GreyImage } from "../../core/ports.ts";

const picture = (width: number, height: number, grey = 0): GreyImage => ({
  width,
  height,
  pixels: new Uint8Array(width * height).fill(grey),
});
const planes = (width: number, height: number) => [10, 20, 30].map((grey) => picture(width, height, grey));

/** A cropper that sees a square of `cells` cells a side in the middle of whatever it is shown, or where `at` says. */
function seeing(cells: number, at = 32 - cells / 2): EmbryoSegmenter {
  const probabilities = new Float32Array(64 * 64);
  for (let y = at; y < at + cells; y++) probabilities.fill(1, 64 * y + at, 64 * y + at + cells);
  return { sha256: "a".repeat(64), segment: async (pictures) => pictures.map(() => probabilities) };
}

describe("findEmbryo", () => {
  it("gives the mask, and the window around it", async () => {
    const { mask, window } = await findEmbryo(planes(640, 640), seeing(32));

    expect(mask?.bounds).toEqual({ left: 160, top: 160, right: 480, bottom: 480 });
    expect(window).toEqual({ left: 64, top: 64, size: 512, grown: false });
  });

  it("takes a speck for no embryo", async () => {
    expect(await findEmbryo(planes(640, 640), seeing(10))).toEqual({ mask: null, window: null, others: [] });
    expect((await findEmbryo(planes(640, 640), seeing(12))).mask).not.toBeNull();
  });

  it("sees nothing in an empty well", async () => {
    expect(await findEmbryo(planes(500, 500), seeing(0))).toEqual({ mask: null, window: null, others: [] });
  });

  it("refuses focal planes of different sizes", async () => {
    const mixed = [picture(500, 500), picture(500, 500), picture(500, 499)];

    await expect(findEmbryo(mixed, seeing(32))).rejects.toMatchObject({ code: "IMAGE_SIZES_DIFFER", retryable: false });
  });
});

describe("refuseOtherSize", () => {
  it("names both sizes", () => {
    expect(() => refuseOtherSize(picture(800, 600), picture(500, 400))).toThrow(/500 x 400 .* 800 x 600/);
  });

  it("lets the same size pass", () => {
    expect(() => refuseOtherSize(picture(500, 400), picture(500, 400))).not.toThrow();
  });
});

describe("cropPlanes", () => {
  it("cuts the same square out of each plane, one channel each", () => {
    const crop = cropPlanes(planes(300, 300), { left: 10, top: 20, size: 224 });

    expect(crop.length).toBe(3 * 224 * 224);
    expect([0, 1, 2].map((channel) => crop[channel * 224 * 224 + 77])).toEqual([10, 20, 30]);
  });
});

describe("lookWarnings", () => {
  const codes = async (segmenter: EmbryoSegmenter) =>
    lookWarnings(await findEmbryo(planes(640, 640), segmenter)).map(({ code }) => code);

  it("are none for an embryo in the middle, and none where there is no embryo", async () => {
    expect(await codes(seeing(32))).toEqual([]);
    expect(await codes(seeing(0))).toEqual([]);
  });

  it("tell of an embryo at the picture's edge", async () => {
    expect(await codes(seeing(32, 0))).toEqual(["EMBRYO_AT_EDGE"]);
  });

  it("tell of a crop that had to grow", async () => {
    expect(await codes(seeing(60))).toEqual(["CROP_GROWN"]);
  });
});
