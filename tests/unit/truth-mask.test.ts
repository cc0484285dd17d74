import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diceCoefficient, filledUnion } from "../../core/cropping/truth-mask.ts";

const rows = (...lines: string[]) => Uint8Array.from(lines.join(""), Number);
const mask = fc.uint8Array({ min: 0, max: 1, minLength: 48, maxLength: 48 });

describe("filledUnion", () => {
  it("fills what a zona of several parts encloses, and nothing outside", () => {
    const upper = rows("00000", "01110", "01010", "00000", "00000");
    const lower = rows("00000", "00000", "01010", "01110", "00000");

    const filled = filledUnion([upper, lower], 5, 5);

    expect(filled).toEqual(rows("00000", "01110", "01110", "01110", "00000"));
  });

  it("fills nothing where the ring is open", () => {
    const open = rows("0000", "0111", "0101", "0101");

    expect(filledUnion([open], 4, 4)).toEqual(open);
  });

  it("holds every part, and filling again changes nothing", () => {
    fc.assert(
      fc.property(mask, mask, (one, other) => {
        const filled = filledUnion([one, other], 8, 6);

        expect(filled.every((inside, p) => inside === 1 || (one[p] === 0 && other[p] === 0))).toBe(true);
        expect(filledUnion([filled], 8, 6)).toEqual(filled);
      }),
    );
  });
});

describe("diceCoefficient", () => {
  it("is twice the overlap over both areas", () => {
    expect(diceCoefficient([1, 1, 0, 0], [0, 1, 1, 1])).toBeCloseTo(2 / 5, 12);
  });

  it("is 1 for equal masks, 0 for masks apart, and the same either way round", () => {
    fc.assert(
      fc.property(mask, mask, (one, other) => {
        const dice = diceCoefficient(one, other);

        expect(dice).toBe(diceCoefficient(other, one));
        expect(dice).toBeGreaterThanOrEqual(0);
        expect(dice).toBeLessThanOrEqual(1);
        expect(diceCoefficient(one, one)).toBe(1);
        expect(dice === 0).toBe(
          one.every((inside, p) => inside * other[p]! === 0) && (one.includes(1) || other.includes(1)),
        );
      }),
    );
  });
});
