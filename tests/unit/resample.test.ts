import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resample, type SquareWindow } from "../../core/cropping/resample.ts";
import type { GreyImage } from "../../core/ports.ts";

const picture = (width: number, height: number, grey: (x: number, y: number) => number): GreyImage => ({
  width,
  height,
  pixels: Uint8Array.from({ length: width * height }, (_, at) => grey(at % width, Math.floor(at / width))),
});

const anyPicture = fc
  .tuple(
    fc.integer({ min: 1, max: 24 }),
    fc.integer({ min: 1, max: 24 }),
    fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
  )
  .map(([width, height, greys]) => picture(width, height, () => greys.next().value));
const anyWindow: fc.Arbitrary<SquareWindow> = fc.record({
  left: fc.integer({ min: -30, max: 30 }),
  top: fc.integer({ min: -30, max: 30 }),
  size: fc.integer({ min: 1, max: 40 }),
});

/** The same filter, written down without a thought for speed: no separation, no tables, nothing rounded. */
function plainly(image: GreyImage, { left, top, size }: SquareWindow, outputSize: number): number[] {
  const scale = size / outputSize;
  const reach = Math.max(scale, 1);
  const at = (x: number, y: number) => {
    const column = Math.min(Math.max(x, 0), image.width - 1);
    const row = Math.min(Math.max(y, 0), image.height - 1);
    return image.pixels[row * image.width + column]!;
  };
  const triangle = (distance: number) => Math.max(0, 1 - Math.abs(distance) / reach);
  return Array.from({ length: outputSize * outputSize }, (_, position) => {
    const centreX = left + ((position % outputSize) + 0.5) * scale - 0.5;
    const centreY = top + (Math.floor(position / outputSize) + 0.5) * scale - 0.5;
    let sum = 0;
    let total = 0;
    for (let y = Math.floor(centreY - reach); y <= centreY + reach; y++) {
      for (let x = Math.floor(centreX - reach); x <= centreX + reach; x++) {
        const weight = triangle(x - centreX) * triangle(y - centreY);
        sum += weight * at(x, y);
        total += weight;
      }
    }
    return sum / total;
  });
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe("resample", () => {
  it("gives what the filter gives when it is written down plainly, rounded", () => {
    fc.assert(
      fc.property(anyPicture, anyWindow, fc.integer({ min: 1, max: 20 }), (image, window, outputSize) => {
        const output = resample(image, window, outputSize);

        const exact = plainly(image, window, outputSize);
        expect(output.length).toBe(exact.length);
        expect(exact.every((grey, at) => Math.abs(output[at]! - grey) <= 0.5 + 1e-9)).toBe(true);
      }),
    );
  });

  it("keeps a constant picture constant", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        anyWindow,
        fc.integer({ min: 1, max: 40 }),
        (grey, window, outputSize) => {
          const output = resample(
            picture(13, 17, () => grey),
            window,
            outputSize,
          );

          expect(new Set(output)).toEqual(new Set([grey]));
        },
      ),
    );
  });

  it("stays between the darkest and the brightest pixel", () => {
    fc.assert(
      fc.property(anyPicture, anyWindow, fc.integer({ min: 1, max: 40 }), (image, window, outputSize) => {
        const output = resample(image, window, outputSize);

        expect(Math.min(...output)).toBeGreaterThanOrEqual(Math.min(...image.pixels));
        expect(Math.max(...output)).toBeLessThanOrEqual(Math.max(...image.pixels));
      }),
    );
  });

  it("changes nothing at the same size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(), (side, seed) => {
        const image = picture(side, side, (x, y) => (seed + 31 * x + 97 * y) % 256);

        const output = resample(image, { left: 0, top: 0, size: side }, side);

        expect(output).toEqual(image.pixels);
      }),
    );
  });

  it("cuts out the pixels of the window at the same size", () => {
    const image = picture(20, 10, (x, y) => 20 * y + x);

    const output = resample(image, { left: 7, top: 3, size: 2 }, 2);

    expect([...output]).toEqual([67, 68, 87, 88]);
  });

  it("repeats the border outside the picture", () => {
    const image = picture(2, 2, (x, y) => 100 + 10 * y + x);

    const output = resample(image, { left: -1, top: -1, size: 4 }, 4);

    expect([...output]).toEqual([100, 100, 101, 101, 100, 100, 101, 101, 110, 110, 111, 111, 110, 110, 111, 111]);
  });

  it.each([2, 3, 4])("keeps the mean when it shrinks %d times", (factor) => {
    const side = 12 * factor;
    const isBorder = (at: number) => at < factor || at >= side - factor;
    const image = picture(side, side, (x, y) => (isBorder(x) || isBorder(y) ? 40 : (x * 73 + y * 151) % 256));

    const output = resample(image, { left: 0, top: 0, size: side }, 12);

    expect(mean(output)).toBeCloseTo(mean(image.pixels), 0);
  });

  it("shrinks a fine chessboard to grey, and not to a coarse one", () => {
    const image = picture(64, 64, (x, y) => ((x + y) % 2) * 255);

    const output = resample(image, { left: 0, top: 0, size: 64 }, 16);

    expect(Math.max(...output) - Math.min(...output)).toBeLessThan(20);
  });

  it("does not mirror or turn", () => {
    const image = picture(8, 8, (x, y) => 20 * x + 3 * y);

    const output = resample(image, { left: 0, top: 0, size: 8 }, 2);

    const [topLeft, topRight, bottomLeft] = output;
    expect(topRight! - topLeft!).toBeGreaterThan(60);
    expect(bottomLeft! - topLeft!).toBeGreaterThan(5);
    expect(bottomLeft!).toBeLessThan(topRight!);
  });
});
