import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cropperInput, cropperView, embryoPieces, isInMask } from "../../core/cropping/embryo-mask.ts";
import type { GreyImage } from "../../core/ports.ts";

const picture = (width: number, height: number, grey = 0): GreyImage => ({
  width,
  height,
  pixels: new Uint8Array(width * height).fill(grey),
});

type Box = [left: number, top: number, right: number, bottom: number];

/** The cropper's output with some boxes of cells in it; ends are not in the box. */
function probabilities(...boxes: Box[]): Float32Array {
  const output = new Float32Array(64 * 64);
  for (const [left, top, right, bottom] of boxes) {
    for (let y = top; y < bottom; y++) output.fill(0.9, 64 * y + left, 64 * y + right);
  }
  return output;
}

const embryoMask = (image: GreyImage, output: Float32Array) => embryoPieces(image, output)[0] ?? null;

describe("embryoPieces", () => {
  it("are every piece by itself, the largest first", () => {
    const pieces = embryoPieces(picture(640, 640), probabilities([0, 0, 8, 8], [30, 30, 50, 50], [60, 60, 64, 64]));

    expect(pieces.map(({ area, bounds }) => [area, bounds.left])).toEqual([
      [400 * 100, 300],
      [64 * 100, 0],
      [16 * 100, 600],
    ]);
    expect(pieces.map(({ cells }) => cells.reduce((sum, cell) => sum + cell))).toEqual([400, 64, 16]);
  });
});

describe("the largest of embryoPieces", () => {
  it("maps cells back to pixels of the picture", () => {
    const mask = embryoMask(picture(640, 640), probabilities([10, 20, 30, 50]))!;

    expect(mask.bounds).toEqual({ left: 100, top: 200, right: 300, bottom: 500 });
    expect(mask.centre).toEqual({ x: 200, y: 350 });
    expect(mask.area).toBe(200 * 300);
    expect(mask.areaFraction).toBeCloseTo((200 * 300) / 640 ** 2, 12);
    expect(mask.touchesEdge).toBe(false);
  });

  it("maps a wide picture's cells back past the bars above and below it", () => {
    const mask = embryoMask(picture(640, 320), probabilities([20, 22, 40, 42]))!;

    expect(mask.bounds).toEqual({ left: 200, top: 60, right: 400, bottom: 260 });
    expect(mask.centre).toEqual({ x: 300, y: 160 });
    expect(mask.areaFraction).toBeCloseTo((200 * 200) / (640 * 320), 12);
    expect(mask.fieldFraction).toBeCloseTo((200 * 200) / 320 ** 2, 12);
  });

  it("maps a tall picture's cells back past the bars at its sides", () => {
    const mask = embryoMask(picture(320, 640), probabilities([22, 20, 42, 40]))!;

    expect(mask.bounds).toEqual({ left: 60, top: 200, right: 260, bottom: 400 });
  });

  it("sees no embryo in the bars", () => {
    const mask = embryoMask(picture(640, 320), probabilities([0, 0, 64, 15], [20, 22, 40, 42]))!;

    expect(mask.bounds.top).toBe(60);
    expect(embryoMask(picture(640, 320), probabilities([0, 0, 64, 15]))).toBeNull();
  });

  it("keeps the largest piece alone", () => {
    const mask = embryoMask(picture(640, 640), probabilities([0, 0, 8, 8], [30, 30, 50, 50], [60, 60, 64, 64]))!;

    expect(mask.centre).toEqual({ x: 400, y: 400 });
    expect(mask.cells.reduce((sum, cell) => sum + cell, 0)).toBe(400);
  });

  it("takes pieces that meet in a corner for two", () => {
    const mask = embryoMask(picture(640, 640), probabilities([10, 10, 20, 20], [20, 20, 29, 29]))!;

    expect(mask.bounds).toEqual({ left: 100, top: 100, right: 200, bottom: 200 });
  });

  it("takes pieces that share an edge for one", () => {
    const mask = embryoMask(picture(640, 640), probabilities([10, 10, 20, 20], [20, 19, 29, 29]))!;

    expect(mask.bounds).toEqual({ left: 100, top: 100, right: 290, bottom: 290 });
  });

  it.each<[string, Box, Box]>([
    ["above", [60, 10, 64, 20], [0, 11, 3, 21]],
    ["below", [60, 12, 64, 22], [0, 10, 3, 20]],
  ])("does not connect the end of a row with the start of the next, the larger piece %s", (_, larger, smaller) => {
    const mask = embryoMask(picture(640, 640), probabilities(larger, smaller))!;

    expect(mask.bounds).toEqual({ left: 600, top: 10 * larger[1], right: 640, bottom: 10 * larger[3] });
  });

  it("has its centre where the mass is, and not in the middle of its bounds", () => {
    const mask = embryoMask(picture(640, 640), probabilities([10, 10, 30, 30], [30, 19, 50, 20]))!;

    expect(mask.centre.x).toBeCloseTo((400 * 200 + 20 * 400) / 420, 6);
    expect(mask.centre.x).toBeLessThan((mask.bounds.left + mask.bounds.right) / 2);
  });

  it.each<[string, Box, boolean]>([
    ["left", [0, 20, 10, 30], true],
    ["upper", [20, 0, 30, 10], true],
    ["right", [54, 20, 64, 30], true],
    ["lower", [20, 54, 30, 64], true],
    ["no", [1, 1, 63, 63], false],
  ])("touches the %s edge", (_, box, touches) => {
    expect(embryoMask(picture(640, 640), probabilities(box))!.touchesEdge).toBe(touches);
  });

  it("touches the edge of a wide picture where the picture ends, and not where the bars end", () => {
    expect(embryoMask(picture(640, 320), probabilities([20, 16, 40, 40]))!.touchesEdge).toBe(true);
  });

  it("touches the edge where the picture ends within a cell", () => {
    expect(embryoMask(picture(640, 324), probabilities([20, 16, 40, 40]))!.touchesEdge).toBe(true);
    expect(embryoMask(picture(640, 324), probabilities([20, 17, 40, 40]))!.touchesEdge).toBe(false);
  });

  it("counts a probability above one half, and not one half itself", () => {
    expect(embryoMask(picture(64, 64), new Float32Array(64 * 64).fill(0.5))).toBeNull();
    expect(embryoMask(picture(64, 64), new Float32Array(64 * 64).fill(0.51))!.areaFraction).toBe(1);
  });

  it("is none for a cropper that sees nothing", () => {
    expect(embryoMask(picture(500, 500), new Float32Array(64 * 64))).toBeNull();
  });

  it("lies within its bounds, and these around its centre, for any output and any picture", () => {
    const side = fc.integer({ min: 64, max: 900 });
    const output = fc.array(fc.nat({ max: 4095 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(side, side, output, (width, height, cells) => {
        const values = new Float32Array(64 * 64);
        for (const cell of cells) values[cell] = 1;

        const mask = embryoMask(picture(width, height), values);

        if (mask === null) return;
        const { bounds, centre } = mask;
        expect(centre.x > bounds.left && centre.x < bounds.right).toBe(true);
        expect(centre.y > bounds.top && centre.y < bounds.bottom).toBe(true);
        expect(mask.area).toBeLessThanOrEqual((bounds.right - bounds.left) * (bounds.bottom - bounds.top) + 1e-6);
      }),
      { numRuns: 50 },
    );
  });
});

describe("isInMask", () => {
  it("is true within the mask's cells, their upper left border included, and nowhere else", () => {
    const mask = embryoMask(picture(640, 320), probabilities([20, 22, 40, 42]))!;

    const corners = [
      [200, 60],
      [399.9, 259.9],
      [199.9, 60],
      [200, 59.9],
      [400, 259],
      [399, 260],
    ] as const;
    expect(corners.map(([x, y]) => isInMask(mask, x, y))).toEqual([true, true, false, false, false, false]);
  });

  it("does not take a point beside the picture for one at the other end of the rows next to it", () => {
    const mask = embryoMask(picture(640, 640), probabilities([0, 0, 64, 64]))!;

    const beside = [
      [640, 320],
      [-1, 320],
      [320, -1],
      [320, 640],
    ] as const;
    expect(beside.map(([x, y]) => isInMask(mask, x, y))).toEqual([false, false, false, false]);
  });
});

describe("cropperView", () => {
  it.each([
    ["square", 500, 500, [0, 0, 500]],
    ["wide", 640, 320, [0, -160, 640]],
    ["tall", 320, 640, [-160, 0, 640]],
  ])("is the longer side of a %s picture, around it", (_, width, height, expected) => {
    const { left, top, size } = cropperView(picture(width, height));

    // Adding zero makes nought of a negative nought.
    expect([left + 0, top + 0, size]).toEqual(expected);
  });
});

describe("cropperInput", () => {
  it("is one 64 x 64 channel for each focal plane, in their order", () => {
    const input = cropperInput([picture(100, 100, 10), picture(100, 100, 20), picture(100, 100, 30)]);

    expect(input.length).toBe(3 * 64 * 64);
    expect([input[0], input[64 * 64], input[2 * 64 * 64]]).toEqual([10, 20, 30]);
  });
});
