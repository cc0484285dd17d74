import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GreyImage } from "../../core/ports.ts";
import { blastomereCount, blastomeres } from "../../phantom/cleavage.ts";
import {
  framePicture,
  INSTRUMENTS,
  type PhantomEmbryo,
  phantomEmbryo,
  renderFocalStack,
  renderFrame,
  renderMasks,
} from "../../phantom/index.ts";

const blastocyst = (index = 1, options: { latentIcm?: number; latentTe?: number } = {}) =>
  phantomEmbryo({ seed: 7, index, kind: "blastocyst", instrument: "embryoscope", ...options });

const area = (mask: Uint8Array) => mask.reduce((sum, inside) => sum + inside, 0);
const embryoArea = (embryo: PhantomEmbryo, hpi: number) => area(renderMasks(embryo, hpi).embryo);

function meanDifference(one: GreyImage, other: GreyImage): number {
  return one.pixels.reduce((sum, level, i) => sum + Math.abs(level - other.pixels[i]!), 0) / one.pixels.length;
}

/** Mean squared step between neighbours within a mask: what defocus takes away. Noise adds the same to every plane. */
function detail(image: GreyImage, mask: Uint8Array): number {
  let sum = 0;
  for (let p = 0; p < mask.length - 2; p++) {
    if (mask[p] === 1) sum += (image.pixels[p + 2]! - image.pixels[p]!) ** 2;
  }
  return sum / area(mask);
}

describe("renderFrame", () => {
  it("renders the same pixels for a fresh object of the same embryo", () => {
    const first = renderFrame(blastocyst(), 112.34, 15);
    const second = renderFrame(blastocyst(), 112.34, 15);

    expect(second).toEqual(first);
  });

  it("renders one plane alone as it is in the whole stack", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("blastocyst" as const, "arrested" as const, "empty" as const),
        fc.constantFrom("embryoscope" as const, "embryoscope-plus" as const),
        fc.nat(500),
        fc.double({ min: 85, max: 125, noNaN: true }),
        (kind, instrument, index, hpi) => {
          const stack = renderFocalStack(phantomEmbryo({ seed: 7, index, kind, instrument }), hpi, [-45, 0, 45]);
          const alone = renderFrame(phantomEmbryo({ seed: 7, index, kind, instrument }), hpi, 45);

          expect(Buffer.compare(alone.pixels, stack[2]!.pixels)).toBe(0);
        },
      ),
      { numRuns: 8 },
    );
  });

  it.each(["embryoscope", "embryoscope-plus"] as const)("gives pictures of the size of the %s", (instrument) => {
    const embryo = phantomEmbryo({ seed: 1, index: 1, instrument });

    const { width, height, pixels } = renderFrame(embryo, 100, 0);

    const { size } = INSTRUMENTS[instrument];
    expect([width, height, pixels.length]).toEqual([size, size, size * size]);
  });

  it("shows other embryos for other seeds", () => {
    const one = phantomEmbryo({ seed: 1, index: 1, kind: "blastocyst", instrument: "embryoscope" });
    const other = phantomEmbryo({ seed: 2, index: 1, kind: "blastocyst", instrument: "embryoscope" });

    const difference = meanDifference(renderFrame(one, 117, 0), renderFrame(other, 117, 0));

    expect(difference).toBeGreaterThan(4);
  });

  it("shows other things in other planes", () => {
    const [below, middle, above] = renderFocalStack(blastocyst(), 117, [-45, 0, 45]);

    // Camera noise alone differs by about 2.7 grey levels.
    expect(meanDifference(below!, middle!)).toBeGreaterThan(3.2);
    expect(meanDifference(above!, middle!)).toBeGreaterThan(3.2);
  });

  it("blurs the rim more the farther the plane is from it", () => {
    const embryo = blastocyst(2);
    const { te } = renderMasks(embryo, 117);

    const details = renderFocalStack(embryo, 117, [0, 25, 50, 75]).map((image) => detail(image, te));

    expect(details).toEqual(details.toSorted((a, b) => b - a));
    expect(details[0]!).toBeGreaterThan(2 * details[3]!);
  });

  it("burns the time into every picture of a cycle or into none", () => {
    const cycles = Map.groupBy(
      Array.from({ length: 44 }, (_, index) =>
        phantomEmbryo({ seed: 3, index, kind: "empty", instrument: "embryoscope" }),
      ),
      (embryo) => embryo.cycleId,
    );
    const labelled = (embryo: PhantomEmbryo) => renderFrame(embryo, 100, 0).pixels.at(-9 * 500 - 10)! > 200;

    const outcomes = [...cycles.values()].map((members) => new Set([labelled(members[0]!), labelled(members.at(-1)!)]));

    expect(outcomes.every((outcome) => outcome.size === 1)).toBe(true);
    expect(new Set(outcomes.flatMap((outcome) => [...outcome])).size).toBe(2);
  });

  it("encodes a picture as the same JPEG every time", async () => {
    const embryo = blastocyst();

    const first = await framePicture(embryo, 100, 0);
    const second = await framePicture(embryo, 100, 0);

    expect([...first.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    expect(Buffer.compare(first, second)).toBe(0);
  });
});

describe("renderMasks", () => {
  it("lets a blastocyst grow from 90 hpi to tMEB and not beyond", () => {
    const embryos = [1, 2, 3, 4].map((index) => blastocyst(index));

    for (const embryo of embryos) {
      const start = embryoArea(embryo, 90);
      const largest = embryoArea(embryo, embryo.tMebHpi);
      const around = [-6, -3, 3, 6].map((hours) => embryoArea(embryo, embryo.tMebHpi + hours));

      expect(largest).toBeGreaterThan(1.25 * start);
      expect(Math.max(...around)).toBeLessThan(largest);
    }
  });

  it("lets an arrested embryo stay as it was", () => {
    const embryo = phantomEmbryo({ seed: 7, index: 3, kind: "arrested", instrument: "embryoscope" });

    const areas = [90, 105, 118, 125].map((hpi) => embryoArea(embryo, hpi));

    expect(Math.max(...areas) / Math.min(...areas)).toBeLessThan(1.02);
    expect(area(renderMasks(embryo, 118).icm)).toBe(0);
  });

  it("is empty for an empty well", () => {
    const embryo = phantomEmbryo({ seed: 7, index: 4, kind: "empty", instrument: "embryoscope" });

    const masks = renderMasks(embryo, 118);

    expect([area(masks.embryo), area(masks.icm), area(masks.te)]).toEqual([0, 0, 0]);
  });

  it("has an inner cell mass and a trophectoderm, apart and within the embryo, once there is a cavity", () => {
    const embryo = blastocyst(5);

    const morula = renderMasks(embryo, 90);
    const { embryo: whole, icm, te } = renderMasks(embryo, 118);

    expect(area(morula.icm) + area(morula.te)).toBe(0);
    expect(area(icm)).toBeGreaterThan(0);
    expect(area(te)).toBeGreaterThan(0);
    expect(icm.every((inside, p) => inside === 0 || (whole[p] === 1 && te[p] === 0))).toBe(true);
    expect(te.every((inside, p) => inside === 0 || whole[p] === 1)).toBe(true);
  });

  it("outlines a larger inner cell mass for a better one", () => {
    const good = renderMasks(blastocyst(6, { latentIcm: 0.95 }), 118);
    const bad = renderMasks(blastocyst(6, { latentIcm: 0.05 }), 118);

    expect(area(good.icm)).toBeGreaterThan(4 * area(bad.icm));
  });

  it("keeps the whole embryo within an 80 % crop around it", () => {
    const widths = Array.from({ length: 12 }, (_, index) => {
      const embryo = phantomEmbryo({ seed: 8, index, kind: "blastocyst", latentTe: 1 });
      const { size } = INSTRUMENTS[embryo.instrument];
      const mask = renderMasks(embryo, embryo.tMebHpi).embryo;
      const columns = Array.from({ length: size }, (_, x) => x);
      return columns.filter((x) => columns.some((y) => mask[y * size + x] === 1)).length / size;
    });

    expect(Math.max(...widths)).toBeLessThanOrEqual(0.8);
  });
});

describe("before compaction", () => {
  it("divides in the order of time, until the cells are one ball", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.double({ min: 0, max: 120, noNaN: true }), (index, hpi) => {
        const embryo = phantomEmbryo({ seed: 3, index, kind: "blastocyst" });

        const now = blastomereCount(embryo, hpi);
        const later = blastomereCount(embryo, hpi + 10);

        expect((later ?? 100) >= (now ?? 100)).toBe(true);
        expect(hpi >= 84 ? now === null : now !== null && now >= 1 && now <= 18).toBe(true);
      }),
    );
  });

  it("never compacts where cleavage has stopped", () => {
    const embryo = phantomEmbryo({ seed: 3, index: 1, kind: "cleavage" });

    const counts = [20, 60, 118].map((hpi) => blastomereCount(embryo, hpi));

    expect(new Set(counts).size).toBe(1);
    expect(counts[0]).toBeGreaterThanOrEqual(1);
  });

  it("keeps every cell within the zona", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 1, max: 18 }), (index, count) => {
        const cells = blastomeres(phantomEmbryo({ seed: 3, index }), count);

        expect(cells).toHaveLength(count);
        for (const { x, y, z, radiusUm } of cells) expect(Math.hypot(x, y, z) + radiusUm).toBeLessThan(58);
      }),
    );
  });
});

describe("under an inverted microscope", () => {
  const dish = (index: number) => phantomEmbryo({ seed: 12, index, kind: "empty", instrument: "inverted-microscope" });

  it("has no well: the corners are as bright as the middle, give or take the lamp", () => {
    const darkest = Array.from({ length: 12 }, (_, index) => {
      const { width, pixels } = renderFrame(dish(index), 110, 0);
      const median = [...pixels].sort((a, b) => a - b)[pixels.length / 2]!;
      const corner = [0, 1, 2, 3].flatMap((y) => [...pixels.subarray(y * width, y * width + 4)]);
      return corner.reduce((sum, level) => sum + level, 0) / corner.length / median;
    });

    // An incubator's corners are black, below a tenth.
    expect(Math.min(...darkest)).toBeGreaterThan(0.3);
  });

  it("shows neighbours that are cut off by the edge, and does not count them as the embryo", () => {
    const strange = Array.from({ length: 40 }, (_, index) => dish(index)).filter((embryo) => {
      const { width, pixels } = renderFrame(embryo, 110, 0);
      const border = [...pixels.keys()].filter((p) => p % width < 12 || p % width >= width - 12);
      const steps = border.filter((p) => Math.abs(pixels[p]! - pixels[p + 1]!) > 25);
      return steps.length > 20;
    });

    expect(strange.length).toBeGreaterThan(0);
    for (const embryo of strange) expect(embryoArea(embryo, 110)).toBe(0);
  });
});
