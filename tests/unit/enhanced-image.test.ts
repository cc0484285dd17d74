import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Tissue } from "../../core/contracts/segmentation.ts";
import { enhancedImage, plainImage } from "../../core/pregnancy/enhanced-image.ts";
import { missingTissueWarnings, tissueMasks } from "../../core/pregnancy/tissue-masks.ts";
import { anyMasks, anyStill, softmaxOf } from "../builders/tissues.ts";

const PIXELS = 224 * 224;
const NONE = new Uint8Array(PIXELS);
const FEW = { numRuns: 20 };

describe("the enhanced image", () => {
  it("shows the still, then the still within the ICM, then within the TE, and nothing elsewhere", () => {
    fc.assert(
      fc.property(anyStill, anyMasks, fc.nat(PIXELS - 1), (still, masks, pixel) => {
        const image = enhancedImage(still, masks);

        const channels = [0, 1, 2].map((channel) => image[channel * PIXELS + pixel]);
        const grey = still[pixel]!;
        expect(channels).toEqual([grey, masks.icm[pixel] ? grey : 0, masks.te[pixel] ? grey : 0]);
      }),
      FEW,
    );
  });

  it("has an empty channel for a tissue that was not found", () => {
    const still = new Uint8Array(PIXELS).fill(77);

    const image = enhancedImage(still, { icm: NONE, te: new Uint8Array(PIXELS).fill(1) });

    expect(image.subarray(0, PIXELS).every((grey) => grey === 77)).toBe(true);
    expect(image.subarray(PIXELS, 2 * PIXELS).every((grey) => grey === 0)).toBe(true);
    expect(image.subarray(2 * PIXELS).every((grey) => grey === 77)).toBe(true);
  });

  it("is compared against the still three times", () => {
    fc.assert(
      fc.property(anyStill, (still) => {
        const image = plainImage(still);

        expect(image.length).toBe(3 * PIXELS);
        for (const channel of [0, 1, 2]) {
          expect(Buffer.compare(image.subarray(channel * PIXELS, (channel + 1) * PIXELS), still)).toBe(0);
        }
      }),
      FEW,
    );
  });

  it.each([0, PIXELS - 1, 3 * PIXELS])("is not made of a still of %i pixels", (pixels) => {
    expect(() => enhancedImage(new Uint8Array(pixels), { icm: NONE, te: NONE })).toThrow(RangeError);
    expect(() => plainImage(new Uint8Array(pixels))).toThrow(RangeError);
  });
});

describe("the tissue masks", () => {
  const anyTissue = fc.constantFrom<Tissue>("other", "icm", "te");

  it("hold each pixel's most probable tissue", () => {
    fc.assert(
      fc.property(fc.array(anyTissue, { minLength: 5, maxLength: 50 }), (pattern) => {
        const tissueAt = (pixel: number) => pattern[pixel % pattern.length]!;

        const masks = tissueMasks(softmaxOf(tissueAt));

        for (const [pixel, tissue] of pattern.entries()) {
          expect([masks.icm[pixel], masks.te[pixel]]).toEqual([Number(tissue === "icm"), Number(tissue === "te")]);
        }
      }),
      FEW,
    );
  });

  it("give a pixel that could be either to other before ICM, and to ICM before TE", () => {
    const probabilities = new Float32Array(3 * PIXELS).fill(0.4);
    probabilities.fill(0.2, PIXELS / 2, PIXELS); // Other, in the lower half.

    const { icm, te } = tissueMasks(probabilities);

    expect([icm[0], te[0]]).toEqual([0, 0]);
    expect([icm[PIXELS - 1], te[PIXELS - 1]]).toEqual([1, 0]);
  });

  it.each([
    ["ICM", "icm", "ICM_NOT_FOUND"],
    ["TE", "te", "TE_NOT_FOUND"],
  ] as const)("take a speck of %s for none, and say so", (_name, tissue, code) => {
    const other = tissue === "icm" ? "te" : "icm";
    const speck = (pixels: number) =>
      tissueMasks(softmaxOf((pixel) => (pixel < pixels ? tissue : pixel > 200 ? other : "other")));

    const [found, notFound] = [speck(20), speck(19)];

    expect(found[tissue].reduce((sum, inside) => sum + inside, 0)).toBe(20);
    expect(missingTissueWarnings(found)).toEqual([]);
    expect(notFound[tissue].every((inside) => inside === 0)).toBe(true);
    expect(missingTissueWarnings(notFound)).toMatchObject([{ code }]);
  });

  it("say that both are missing where nothing was found", () => {
    const masks = tissueMasks(softmaxOf(() => "other"));

    expect(missingTissueWarnings(masks).map(({ code }) => code)).toEqual(["ICM_NOT_FOUND", "TE_NOT_FOUND"]);
  });

  it("are not made of another number of values", () => {
    expect(() => tissueMasks(new Float32Array(PIXELS))).toThrow(RangeError);
  });
});
