import { describe, expect, it } from "vitest";
import { findEmbryo } from "../../core/cropping/look.ts";
import { neighbourWarnings, refuseCutOffEmbryo, refuseSeveralEmbryos } from "../../core/cropping/one-embryo.ts";

interface Disc {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

const EMBRYO: Disc = { x: 20, y: 32, radius: 14 };

/** A picture of 640 x 640 in which the cropper sees discs; in its cells of 10 pixels. */
function seen(...discs: Disc[]) {
  const probabilities = Float32Array.from({ length: 64 * 64 }, (_, cell) =>
    discs.some(({ x, y, radius }) => Math.hypot((cell % 64) + 0.5 - x, Math.floor(cell / 64) + 0.5 - y) < radius)
      ? 1
      : 0,
  );
  const image = { width: 640, height: 640, pixels: new Uint8Array(640 * 640) };
  return findEmbryo([image], { sha256: "a".repeat(64), segment: async () => [probabilities] });
}

const codes = async (...discs: Disc[]) => neighbourWarnings(await seen(...discs)).map(({ code }) => code);

describe("several embryos in one picture", () => {
  it.each([
    ["as large as the first", 14],
    ["of half its diameter", 7.5],
  ])("are refused when the second is whole and %s", async (_what, radius) => {
    const look = await seen(EMBRYO, { x: 49, y: 32, radius });

    expect(() => refuseSeveralEmbryos(look)).toThrow(/shows 2 embryos/);
  });

  it("are counted", async () => {
    const look = await seen(EMBRYO, { x: 48, y: 16, radius: 12 }, { x: 48, y: 48, radius: 12 });

    expect(() => refuseSeveralEmbryos(look)).toThrow(/shows 3 embryos/);
  });

  it.each<[string, Disc]>([
    ["is too small to be one", { x: 48, y: 32, radius: 6 }],
    ["is cut off by the picture's edge", { x: 58, y: 32, radius: 14 }],
  ])("are not refused when the second %s, which is remarked", async (_what, other) => {
    const look = await seen(EMBRYO, other);

    expect(() => refuseSeveralEmbryos(look)).not.toThrow();
    expect(neighbourWarnings(look).map(({ code }) => code)).toEqual(["NEIGHBOUR"]);
  });

  it("are refused when it is the larger one that is cut off", async () => {
    const look = await seen({ x: 54, y: 32, radius: 18 }, { x: 18, y: 32, radius: 14 });

    expect(look.mask?.touchesEdge).toBe(true);
    expect(() => refuseSeveralEmbryos(look)).toThrow(/shows 2 embryos/);
  });

  it("may be two that touch: what is much longer than wide is remarked, however it lies", async () => {
    expect(await codes(EMBRYO, { x: 45, y: 32, radius: 14 })).toEqual(["EMBRYO_ELONGATED"]);
    expect(await codes({ x: 22, y: 22, radius: 14 }, { x: 40, y: 40, radius: 14 })).toEqual(["EMBRYO_ELONGATED"]);
  });

  it("are none for an embryo by itself, with specks or a bulge", async () => {
    expect(await codes(EMBRYO)).toEqual([]);
    expect(await codes(EMBRYO, { x: 50, y: 10, radius: 2.5 })).toEqual([]);
    expect(await codes(EMBRYO, { x: 36, y: 32, radius: 8 })).toEqual([]);
  });

  it("are none where there is no embryo", async () => {
    const look = await seen();

    expect(() => refuseSeveralEmbryos(look)).not.toThrow();
    expect(neighbourWarnings(look)).toEqual([]);
  });
});

describe("an embryo that is cut off by the picture's edge", () => {
  it.each([
    ["less than half of it is seen", -1],
    ["half of it is seen", 0],
  ])("is refused when %s", async (_what, x) => {
    const look = await seen({ x, y: 32, radius: 16 });

    expect(() => refuseCutOffEmbryo(look)).toThrow(/cut off by the picture's edge/);
  });

  it.each<[string, Disc[]]>([
    ["most of it is seen", [{ x: 10, y: 32, radius: 16 }]],
    ["nothing is cut off", [EMBRYO, { x: 45, y: 32, radius: 14 }]],
    ["there is none", []],
  ])("is not refused when %s", async (_what, discs) => {
    const look = await seen(...discs);

    expect(() => refuseCutOffEmbryo(look)).not.toThrow();
  });
});
