import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TISSUE_LABEL } from "../../core/contracts/segmentation.ts";
import type { GreyImage } from "../../core/ports.ts";
import { tissueLabels } from "../../core/pregnancy/tissue-labels.ts";

const SIDE = 224;
const WINDOW = { left: 0, top: 0, size: SIDE };

/** 255 where the predicate holds. */
function outline(isInside: (x: number, y: number) => boolean, side = SIDE): GreyImage {
  const pixels = Uint8Array.from({ length: side * side }, (_, p) =>
    isInside(p % side, Math.floor(p / side)) ? 255 : 0,
  );
  return { width: side, height: side, pixels };
}

describe("tissueLabels", () => {
  it("labels what each outline covers, and other what none does", () => {
    const icm = outline((x) => x < 50);
    const te = outline((x) => x >= 100);

    const labels = tissueLabels(icm, te, WINDOW);

    const row = [...labels.subarray(0, SIDE)];
    expect(row.slice(0, 50).every((label) => label === TISSUE_LABEL.icm)).toBe(true);
    expect(row.slice(50, 100).every((label) => label === TISSUE_LABEL.other)).toBe(true);
    expect(row.slice(100).every((label) => label === TISSUE_LABEL.te)).toBe(true);
  });

  it("gives a pixel that both cover to the ICM", () => {
    const everywhere = outline(() => true);

    const labels = tissueLabels(everywhere, everywhere, WINDOW);

    expect(new Set(labels)).toEqual(new Set([TISSUE_LABEL.icm]));
  });

  it("follows the window over the picture, and brings it to 224 x 224", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }), (left, top) => {
        const half = outline((x) => x >= 300, 600);
        const none = outline(() => false, 600);

        const labels = tissueLabels(half, none, { left, top, size: 400 });

        const firstIcm = labels.indexOf(TISSUE_LABEL.icm);
        expect(Math.abs(firstIcm - ((300 - left) * SIDE) / 400)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 20 },
    );
  });
});
