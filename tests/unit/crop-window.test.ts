import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cropWindow } from "../../core/cropping/crop-window.ts";

type Picture = Parameters<typeof cropWindow>[0];
type Mask = Parameters<typeof cropWindow>[1];

/** A mask whose centre of mass lies in the middle of its bounds, as an embryo's nearly does. */
function round(x: number, y: number, diameter: number): Mask {
  const radius = diameter / 2;
  return { centre: { x, y }, bounds: { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius } };
}

const share = fc.double({ min: 0, max: 1, noNaN: true });

/** Any picture, and any box in it with its centre of mass anywhere in the box. */
const pictureAndMask = fc
  .record({
    width: fc.integer({ min: 64, max: 1600 }),
    height: fc.integer({ min: 64, max: 1600 }),
    xs: fc.tuple(share, share),
    ys: fc.tuple(share, share),
    massX: share,
    massY: share,
  })
  .map(({ width, height, xs, ys, massX, massY }): { picture: Picture; mask: Mask } => {
    const [left, right] = [Math.min(...xs) * width, Math.max(...xs) * width];
    const [top, bottom] = [Math.min(...ys) * height, Math.max(...ys) * height];
    const centre = { x: left + massX * (right - left), y: top + massY * (bottom - top) };
    return { picture: { width, height }, mask: { centre, bounds: { left, top, right, bottom } } };
  });

describe("cropWindow", () => {
  it.each([
    ["EmbryoScope", 500, 400],
    ["EmbryoScope+", 800, 640],
  ])("is 80 %% of a picture of %s, around the embryo", (_, side, size) => {
    const window = cropWindow({ width: side, height: side }, round(side / 2, side / 2, size / 2));

    expect(window).toEqual({ left: (side - size) / 2, top: (side - size) / 2, size, grown: false });
  });

  it("follows the embryo until it meets the picture's edge", () => {
    const picture = { width: 500, height: 500 };

    expect(cropWindow(picture, round(270, 240, 200))).toMatchObject({ left: 70, top: 40 });
    expect(cropWindow(picture, round(380, 110, 200))).toMatchObject({ left: 100, top: 0 });
  });

  it("takes 80 % of the shorter side", () => {
    expect(cropWindow({ width: 1000, height: 500 }, round(700, 250, 200))).toMatchObject({
      left: 500,
      top: 50,
      size: 400,
    });
  });

  it("holds the whole mask, whatever its shape", () => {
    fc.assert(
      fc.property(pictureAndMask, ({ picture, mask }) => {
        const { left, top, size } = cropWindow(picture, mask);

        expect(left).toBeLessThanOrEqual(mask.bounds.left);
        expect(top).toBeLessThanOrEqual(mask.bounds.top);
        expect(left + size).toBeGreaterThanOrEqual(mask.bounds.right);
        expect(top + size).toBeGreaterThanOrEqual(mask.bounds.bottom);
      }),
    );
  });

  it("stays inside the picture in each direction in which it is not longer than the picture", () => {
    fc.assert(
      fc.property(pictureAndMask, ({ picture, mask }) => {
        const { left, top, size, grown } = cropWindow(picture, mask);

        if (size <= picture.width) expect(left >= 0 && left + size <= picture.width).toBe(true);
        if (size <= picture.height) expect(top >= 0 && top + size <= picture.height).toBe(true);
        expect(grown || size <= Math.min(picture.width, picture.height)).toBe(true);
      }),
    );
  });

  it("has 80 % of the shorter side unless it says that it has grown", () => {
    fc.assert(
      fc.property(pictureAndMask, ({ picture, mask }) => {
        const { size, grown } = cropWindow(picture, mask);

        const usual = Math.round(0.8 * Math.min(picture.width, picture.height));
        if (grown) expect(size).toBeGreaterThan(usual);
        else expect(size).toBe(usual);
      }),
    );
  });

  it("is of whole pixels", () => {
    fc.assert(
      fc.property(pictureAndMask, ({ picture, mask }) => {
        const { left, top, size } = cropWindow(picture, mask);

        expect([left, top, size].every(Number.isInteger)).toBe(true);
      }),
    );
  });

  it("grows around a blastocyst that fills nine tenths of the picture, and says so", () => {
    const window = cropWindow({ width: 500, height: 500 }, round(250, 250, 450));

    expect(window.grown).toBe(true);
    expect(window.size).toBeGreaterThanOrEqual(450);
    expect(window.size).toBeLessThanOrEqual(452);
  });

  it("shifts, and does not grow, for a mask that fits but has its mass at one end", () => {
    const lopsided = { centre: { x: 150, y: 250 }, bounds: { left: 90, top: 150, right: 470, bottom: 350 } };

    expect(cropWindow({ width: 500, height: 500 }, lopsided)).toEqual({ left: 70, top: 50, size: 400, grown: false });
  });
});
