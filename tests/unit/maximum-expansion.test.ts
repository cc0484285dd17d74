import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findMaximumExpansion as findAmongFrames } from "../../core/timelapse/maximum-expansion.ts";

/** One frame an hour. */
const findMaximumExpansion = (areas: readonly number[]) =>
  findAmongFrames(areas.map((area, hour) => ({ hpi: 90 + hour, area })));

/** Areas that grow by a few per cent an hour, as an embryo's do. */
const growing = (count: number) => Array.from({ length: count }, (_, hour) => 100 * 1.03 ** hour);

describe("findMaximumExpansion", () => {
  it("finds the largest area of an embryo that grows and shrinks slowly", () => {
    expect(findMaximumExpansion([100, 105, 111, 118, 121, 119, 117, 112])).toBe(4);
  });

  it("finds the end of an embryo that only grows", () => {
    expect(findMaximumExpansion(growing(28))).toBe(27);
  });

  it("never falls for a single outlying mask, wherever it is and however large", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 40 }),
        fc.nat(),
        fc.double({ min: 1.6, max: 50, noNaN: true }),
        (count, choice, factor) => {
          const areas = growing(count);
          const slip = choice % count;
          areas[slip] = areas[slip]! * factor;

          const found = findMaximumExpansion(areas);

          expect(found).not.toBe(slip);
        },
      ),
    );
  });

  it("passes over an hour in which no embryo was found", () => {
    expect(findMaximumExpansion([100, 104, 0, 112, 115])).toBe(4);
  });

  it("holds nothing against a frame of a sparse archive that has no neighbour within two hours", () => {
    const areas = [100, 102, 104, 160];

    const found = findAmongFrames([91, 92, 93, 116].map((hpi, position) => ({ hpi, area: areas[position]! })));

    expect(found).toBe(3);
  });

  it("takes the earlier of equal areas", () => {
    expect(findMaximumExpansion([100, 110, 110, 110, 100])).toBe(1);
  });

  it("takes the plain maximum where no mask can be trusted", () => {
    expect(findMaximumExpansion([100, 300])).toBe(1);
  });

  it("does not depend on the unit of area", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(0.25, 2, 1024),
        (areas, unit) => {
          const found = findMaximumExpansion(areas.map((area) => area * unit));

          expect(found).toBe(findMaximumExpansion(areas));
        },
      ),
    );
  });

  it("finds an hour that has an embryo if there is one, and none if there is not", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 40 }), (areas) => {
        const found = findMaximumExpansion(areas);

        if (areas.some((area) => area > 0)) expect(areas[found]).toBeGreaterThan(0);
        else expect(found).toBe(-1);
      }),
    );
  });
});
