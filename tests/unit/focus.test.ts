import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstCellCentrePx } from "../../core/pregnancy/attention-cells.ts";
import { attentionFocus, focusDistancePx, focusWarnings, upsampleAttention } from "../../core/pregnancy/focus.ts";
import { anyMasks, discAndRing } from "../builders/tissues.ts";

const CELLS = 49;
/** Each cell looks from the middle of its own 32 pixels. */
const MIDDLE = 15.5;
const map = (...values: [cell: number, value: number][]) => {
  const attention = new Array<number>(CELLS).fill(0);
  for (const [cell, value] of values) attention[cell] = value;
  return attention;
};
const anyMap = fc.array(
  fc.integer({ min: 0, max: 5000 }).map((value) => value / 64),
  { minLength: CELLS, maxLength: CELLS },
);

describe("an upsampled map", () => {
  // torch.nn.functional.interpolate(m, (224, 224), mode="bilinear", align_corners=False) of m[i] = i * i % 23, PyTorch 1.13.
  it.each([
    [0, 0, 0],
    [15, 15, 0],
    [16, 16, 0.06591796875],
    [40, 100, 8.913818359375],
    [111, 112, 1.23095703125],
    [200, 13, 13.65625],
    [223, 223, 4],
    [130, 207, 10.190673828125],
  ])("is PyTorch's at row %i, column %i: %d", (y, x, value) => {
    const attention = Array.from({ length: CELLS }, (_, i) => (i * i) % 23);

    expect(upsampleAttention(attention, MIDDLE)[y * 224 + x]).toBeCloseTo(value, 12);
  });

  // The same at (448, 448).
  it.each([
    [0, 447, 13],
    [31, 32, 0.0078125],
    [333, 101, 9.4412841796875],
  ])("is PyTorch's at twice the size too, at row %i, column %i: %d", (y, x, value) => {
    const attention = Array.from({ length: CELLS }, (_, i) => (i * i) % 23);

    expect(upsampleAttention(attention, MIDDLE, 448)[y * 448 + x]).toBeCloseTo(value, 12);
  });

  it("stays between the least and the most of its map", () => {
    fc.assert(
      fc.property(anyMap, (attention) => {
        const values = upsampleAttention(attention, MIDDLE);

        const [least, most] = [Math.min(...attention), Math.max(...attention)];
        const rounding = 1e-9;
        expect(values.every((value) => value >= least - rounding && value <= most + rounding)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it.each([48, 50])("is not made of %i cells", (cells) => {
    expect(() => upsampleAttention(new Array(cells).fill(0), MIDDLE)).toThrow(RangeError);
  });
});

describe("a map of cells that look from elsewhere than the middle of their pixels", () => {
  it.each([
    ["resnet50", 96],
    ["densenet121", 110],
    ["vgg16", 111.5],
    ["made by hand", 111.5],
  ])("of %s peaks where its middle cell looks from, at %d", (architecture, centre) => {
    const values = upsampleAttention(map([24, 1]), firstCellCentrePx(architecture));

    const peak = values.indexOf(Math.max(...values));
    expect(Math.abs((peak % 224) - centre)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(Math.floor(peak / 224) - centre)).toBeLessThanOrEqual(0.5);
  });

  it("tells the tissue there, and not that of the middle", () => {
    const masks = discAndRing({ icmRadius: 8, teFrom: 60, teTo: 70 });

    const focus = (architecture: string) => attentionFocus(map([24, 1]), masks, firstCellCentrePx(architecture));

    expect(focus("vgg16")).toBe("icm");
    expect(focus("resnet50")).toBe("other");
  });
});

describe("the focus", () => {
  // An ICM in the middle cell (rows and columns 96 to 127), and a TE around the centres of the cells two further out.
  const masks = discAndRing({ icmRadius: 20, teFrom: 60, teTo: 70 });
  const middle = 24;

  it.each([
    ["icm", "the middle", map([middle, 1])],
    ["other", "the cavity", map([middle - 7, 1])],
    ["te", "the trophectoderm", map([middle - 14, 1])],
    ["none", "nothing", map()],
  ] as const)("is %s where the map peaks on %s", (focus, _where, attention) => {
    expect(attentionFocus(attention, masks, MIDDLE)).toBe(focus);
  });

  it("is where the most is, not where there is much", () => {
    const attention = new Array<number>(CELLS).fill(0.9);
    attention[middle] = 1;

    expect(attentionFocus(attention, masks, MIDDLE)).toBe("icm");
  });

  it("is the same however strong the map is", () => {
    fc.assert(
      fc.property(anyMap, fc.integer({ min: -20, max: 20 }), (attention, exponent) => {
        const scaled = attention.map((value) => value * 2 ** exponent);

        expect(attentionFocus(scaled, masks, MIDDLE)).toBe(attentionFocus(attention, masks, MIDDLE));
      }),
      { numRuns: 50 },
    );
  });

  it.each([3, 21, 27, 45])(
    "of a peak at the picture's edge is its pixel nearest the centre, on every side: cell %i",
    (cell) => {
      const ring = discAndRing({ icmRadius: 10, teFrom: 94, teTo: 98 });

      expect(attentionFocus(map([cell, 1]), ring, MIDDLE)).toBe("te");
    },
  );

  it("is other where there is neither ICM nor TE", () => {
    const nothing = { icm: new Uint8Array(224 * 224), te: new Uint8Array(224 * 224) };

    expect(attentionFocus(map([middle, 1]), nothing, MIDDLE)).toBe("other");
  });

  it.each([
    ["icm", []],
    ["te", []],
    ["other", ["FOCUS_ELSEWHERE"]],
    ["none", ["FOCUS_NONE"]],
  ] as const)("%s has the warnings %j", (focus, codes) => {
    expect(focusWarnings(focus).map(({ code }) => code)).toEqual(codes);
  });
});

describe("the distance of the focus", () => {
  const masks = discAndRing({ icmRadius: 20, teFrom: 60, teTo: 70 });
  const cavity = 24 - 7;

  it("is that of the peak's pixel to the nearest tissue", () => {
    const distance = focusDistancePx(map([cavity, 1]), masks, MIDDLE);

    // The cell's centre is 32 pixels from the ICM's, whose radius is 20.
    expect(distance).toBeGreaterThan(11);
    expect(distance).toBeLessThan(13);
  });

  it("is 0 on ICM and TE, and above it elsewhere", () => {
    fc.assert(
      fc.property(anyMap, anyMasks, (attention, some) => {
        const focus = attentionFocus(attention, some, MIDDLE);
        const distance = focusDistancePx(attention, some, MIDDLE);

        if (focus === "none") expect(distance).toBeNull();
        else expect(distance === 0).toBe(focus !== "other");
      }),
      { numRuns: 50 },
    );
  });

  it("is unknown without a peak, and without any tissue", () => {
    const nothing = { icm: new Uint8Array(224 * 224), te: new Uint8Array(224 * 224) };

    expect(focusDistancePx(map(), masks, MIDDLE)).toBeNull();
    expect(focusDistancePx(map([cavity, 1]), nothing, MIDDLE)).toBeNull();
  });
});
