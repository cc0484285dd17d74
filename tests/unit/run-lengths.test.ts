import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeRuns, encodeRuns } from "../../core/pregnancy/run-lengths.ts";
import { anyMasks, discAndRing } from "../builders/tissues.ts";

const PIXELS = 224 * 224;

it("come back as the mask they were made of", () => {
  fc.assert(
    fc.property(anyMasks, ({ icm }) => {
      const runs = encodeRuns(icm);

      expect(Buffer.compare(decodeRuns(runs), icm)).toBe(0);
      expect(runs.slice(1).every((run) => run > 0)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

it("begin with a run outside, which is 0 where the mask begins inside", () => {
  const mask = new Uint8Array(PIXELS).fill(1, 0, 300).fill(1, 500, 501);

  expect(encodeRuns(mask)).toEqual([0, 300, 200, 1, PIXELS - 501]);
  expect(encodeRuns(new Uint8Array(PIXELS))).toEqual([PIXELS]);
});

it("are few for a blastocyst's tissues", () => {
  const { icm, te } = discAndRing();

  expect(encodeRuns(icm).length + encodeRuns(te).length).toBeLessThan(1000);
});

it.each([
  ["too many pixels", [PIXELS, 1]],
  ["too few pixels", [PIXELS - 2, 1]],
  ["no pixel", []],
])("are refused with %s", (_what, runs) => {
  expect(() => decodeRuns(runs)).toThrow(expect.objectContaining({ code: "PREDICTION_INVALID" }));
});

it("are not made of a mask of another size", () => {
  expect(() => encodeRuns(new Uint8Array(10))).toThrow(RangeError);
});
