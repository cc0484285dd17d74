import { describe, expect, it } from "vitest";
import {
  cavityWarnings,
  isBlastocyst,
  refuseNonBlastocyst,
  refuseNonBlastocystStill,
} from "../../core/cropping/blastocyst-criterion.ts";
import { cropperView, embryoPieces } from "../../core/cropping/embryo-mask.ts";
import { expansionEvidence } from "../../core/cropping/expansion-evidence.ts";

const PICTURE = { width: 640, height: 640, pixels: new Uint8Array(640 * 640) };
const WINDOW = cropperView(PICTURE);

/** A mask of the middle half of the picture, each way. */
function middle() {
  const probabilities = new Float32Array(64 * 64);
  for (let y = 16; y < 48; y++) probabilities.fill(1, 64 * y + 16, 64 * y + 48);
  return embryoPieces(PICTURE, probabilities)[0]!;
}

/** A crop whose centre plane is drawn pixel by pixel, between planes of noise. */
function crop(grey: (x: number, y: number) => number): Uint8Array {
  const noise = (at: number) => (at * 7919) % 256;
  return Uint8Array.from({ length: 3 * 224 * 224 }, (_, at) => {
    const within = at - 224 * 224;
    const isCentre = within >= 0 && within < 224 * 224;
    return isCentre ? grey(within % 224, Math.floor(within / 224)) : noise(at);
  });
}

const grain = (x: number, y: number) => 128 + ((x + y) % 2) * 40;
const evidence = (areas: number[], grey: (x: number, y: number) => number) =>
  expansionEvidence(areas, crop(grey), middle(), WINDOW);

describe("expansionEvidence", () => {
  it("has the area at tMEB, and how far it grew from the median of the first five hours", () => {
    const { fieldFraction, growth } = evidence([0.3, 0.11, 0.1, 0.1, 0.1, 0.2, 0.25], grain);

    expect(fieldFraction).toBe(0.25);
    expect(growth).toBeCloseTo(2.5, 12);
  });

  it("has no growth in a single frame", () => {
    expect(evidence([0.2], grain).growth).toBe(1);
  });

  it("finds a smooth cavity within a granular rim", () => {
    const isCavity = (x: number, y: number) => Math.hypot(x - 112, y - 112) < 40;

    expect(evidence([0.2], (x, y) => (isCavity(x, y) ? 128 : grain(x, y))).centreContrast).toBeLessThan(0.1);
  });

  it("finds no cavity in an embryo that is granular throughout", () => {
    expect(evidence([0.2], grain).centreContrast).toBeCloseTo(1, 6);
  });

  it("takes a smooth rim around a granular middle for no cavity", () => {
    const isMiddle = (x: number, y: number) => Math.hypot(x - 112, y - 112) < 50;

    expect(evidence([0.2], (x, y) => (isMiddle(x, y) ? grain(x, y) : 128)).centreContrast).toBeCloseTo(1, 6);
  });

  it("takes a picture without any contrast for no sign of a cavity", () => {
    expect(evidence([0.2], () => 128).centreContrast).toBe(1);
  });

  it("does not look past the embryo's outline", () => {
    const isEmbryo = (x: number, y: number) => Math.max(Math.abs(x - 111.5), Math.abs(y - 111.5)) < 56;
    const loud = (x: number, y: number) => ((x + y) % 2) * 255;

    expect(evidence([0.2], (x, y) => (isEmbryo(x, y) ? grain(x, y) : loud(x, y))).centreContrast).toBeCloseTo(1, 6);
  });
});

describe("isBlastocyst", () => {
  const morula = { fieldFraction: 0.15, growth: 1, centreContrast: 1 };

  it("is no embryo that is small, does not grow and is granular throughout", () => {
    expect(isBlastocyst(morula)).toBe(false);
    expect(() => refuseNonBlastocyst(morula)).toThrow(/no grade is given/);
  });

  it.each([
    ["a smooth middle", { centreContrast: 0.3 }],
    ["growth", { growth: 1.5 }],
    ["a size that no morula has", { fieldFraction: 0.5 }],
  ])("is one by %s alone", (_, sign) => {
    expect(isBlastocyst({ ...morula, ...sign })).toBe(true);
  });
});

describe("a still", () => {
  const verdict = (centreContrast: number) => {
    try {
      refuseNonBlastocystStill(centreContrast);
      return cavityWarnings(centreContrast).map(({ code }) => code);
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };

  it("is graded with a clear cavity, with a remark where none is clear, and not at all where none is seen", () => {
    expect([0.1, 0.45, 0.46, 0.7, 0.71, 1].map(verdict)).toEqual([
      [],
      [],
      ["CAVITY_UNCLEAR"],
      ["CAVITY_UNCLEAR"],
      "NO_BLASTOCYST",
      "NO_BLASTOCYST",
    ]);
  });
});
