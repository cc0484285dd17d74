import { describe, expect, it } from "vitest";
import { previewStrip } from "../../core/cropping/preview.ts";

const PLANE = 224 * 224;

/** A clip whose centre planes are as bright as their position, between planes that must not be shown. */
function clip(times: number): Uint8Array {
  const frames = new Uint8Array(times * 3 * PLANE).fill(255);
  for (let time = 0; time < times; time++) frames.fill(10 * time, (3 * time + 1) * PLANE, (3 * time + 2) * PLANE);
  return frames;
}

/** Brightness of each picture of a strip, in its middle row. */
const shown = ({ width, pixels }: ReturnType<typeof previewStrip>) =>
  Array.from({ length: width / 112 }, (_, position) => pixels[56 * width + 112 * position + 56]);

describe("previewStrip", () => {
  it("shows six centre planes, from the first frame to tMEB", () => {
    const strip = previewStrip(clip(11));

    expect([strip.width, strip.height, strip.pixels.length]).toEqual([6 * 112, 112, 6 * 112 * 112]);
    expect(shown(strip)).toEqual([0, 20, 40, 60, 80, 100]);
  });

  it.each([
    [1, [0]],
    [2, [0, 10]],
    [6, [0, 10, 20, 30, 40, 50]],
  ])("shows each of %d frames once", (times, expected) => {
    expect(shown(previewStrip(clip(times)))).toEqual(expected);
  });

  it("ends with tMEB, and shows no frame twice, for any length", () => {
    for (let times = 7; times <= 25; times++) {
      const brightness = shown(previewStrip(clip(times)));

      expect(brightness.at(-1)).toBe(10 * (times - 1));
      expect(new Set(brightness).size).toBe(6);
    }
  });
});
