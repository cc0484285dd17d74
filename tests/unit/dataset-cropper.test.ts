import { describe, expect, it, vi } from "vitest";
import { type CropperPicture, drawCropperPicture } from "../../cli/dataset/cropper-picture.ts";
import { asFromOtherMicroscope } from "../../cli/dataset/other-microscopes.ts";
import { renderMasks } from "../../phantom/index.ts";
import { RandomStream } from "../../phantom/random.ts";
import { tiff } from "../builders/pictures.ts";

const SIDE = 64;
const CELLS = SIDE ** 2;

// Pictures that show the truth, brighter from plane to plane, in place of phantoms, which would say neither.
vi.mock("../../phantom/index.ts", async (original) => {
  const real = await original<typeof import("../../phantom/index.ts")>();
  const stackPictures: typeof real.stackPictures = async (embryo, hpi, focalPlanesUm) => {
    const inside = renderMasks(embryo, hpi).embryo;
    const side = Math.sqrt(inside.length);
    return focalPlanesUm.map((um) => {
      const pixels = inside.map((is) => 100 + um / 3 + 60 * is);
      return tiff({ width: side, height: side, pixels });
    });
  };
  return { ...real, stackPictures };
});

describe("the pictures for the cropper's training", async () => {
  const drawn = await Promise.all(Array.from({ length: 80 }, (_, index) => drawCropperPicture(3, index)));
  const withEmbryo = drawn.filter(({ mask }) => mask.includes(1));

  it("have -45, 0 and +45 um in their channels in this order, or one plane in all three", () => {
    const orders = drawn.map(orderOfPlanes);

    const share = (wanted: string) => orders.filter((order) => order === wanted).length / orders.length;
    expect(share("mixed")).toBe(0);
    expect(share("ascending")).toBeGreaterThan(0.5);
    expect(share("equal")).toBeGreaterThan(0.1);
    // Inverted greys, as some microscopes have them.
    expect(share("descending")).toBeLessThan(0.15);
  });

  it("have the mask where the embryo is", () => {
    const agreements = withEmbryo.map(({ picture, mask }) => agreement(picture.subarray(CELLS, 2 * CELLS), mask));

    // In the others something else was drawn, too.
    expect(agreements.filter((share) => share > 0.98).length / agreements.length).toBeGreaterThan(0.6);
  });

  it("are of an empty well as often as the paper's", () => {
    const share = 1 - withEmbryo.length / drawn.length;

    expect(share).toBeGreaterThan(0.29 - 0.1);
    expect(share).toBeLessThan(0.29 + 0.1);
  });

  it("are another one each, and the same one of the same seed", async () => {
    const again = await drawCropperPicture(3, 7);

    expect(again).toEqual(drawn[7]);
    expect(new Set(withEmbryo.map(({ mask }) => mask.join(""))).size).toBe(withEmbryo.length);
  });
});

describe("a picture as from another microscope", () => {
  // Far from the middle, where a mask that is turned over lies elsewhere.
  const fromCentre = Float32Array.from({ length: CELLS }, (_, cell) =>
    Math.hypot((cell % SIDE) - 20, Math.floor(cell / SIDE) - 42),
  );
  const mask = Uint8Array.from(fromCentre, (away) => (away < 15 ? 1 : 0));
  const ground = Uint8Array.from(fromCentre, (away) => (away > 22 ? 1 : 0));
  const changed = Array.from({ length: 200 }, (_, index) => {
    const planes = [110, 125, 140].map((grey) => new Uint8Array(CELLS).fill(grey));
    asFromOtherMicroscope(planes, mask, new RandomStream(1, index));
    return planes as [Uint8Array, Uint8Array, Uint8Array];
  });

  it("keeps the order of its planes, or turns all of them with the greys", () => {
    const steps = changed.map(([below, centre, above]) => [step(below, centre, mask), step(centre, above, mask)]);

    const turned = steps.filter(([first, second]) => first! < -10 && second! < -10);
    const kept = steps.filter(([first, second]) => first! > 10 && second! > 10);
    expect(turned.length / steps.length).toBeCloseTo(0.15, 1);
    expect(turned.length + kept.length).toBe(steps.length);
  });

  it("lays nothing over the embryo, and another ground around it in half of the pictures", () => {
    const covered = changed.map((planes) => shareOfEqualPlanes(planes, mask));
    const grounds = changed.map(([below, , above]) => Math.abs(step(below, above, ground)));

    // Where grain ends at black and a bright rim goes over it, the planes are equal, too.
    expect(Math.max(...covered)).toBeLessThan(0.05);
    const replaced = grounds.filter((difference) => difference < 1);
    expect(replaced.length / changed.length).toBeCloseTo(0.5, 1);
  });
});

function orderOfPlanes({ picture }: CropperPicture): string {
  const [below, centre, above] = [0, 1, 2].map((channel) => {
    const plane = picture.subarray(channel * CELLS, (channel + 1) * CELLS);
    return plane.reduce((sum, grey) => sum + grey, 0) / CELLS;
  });
  // Noise of a plain ground, and tones that end at white.
  const way = (from: number, to: number) => (Math.abs(to - from) < 0.5 ? 0 : Math.sign(to - from));
  const ways = [way(below!, centre!), way(centre!, above!)];
  if (ways.every((to) => to === 0)) return "equal";
  if (ways.every((to) => to >= 0)) return "ascending";
  return ways.every((to) => to <= 0) ? "descending" : "mixed";
}

/** Share of the cells that lie on the right side of the middle between bright and dark, whichever the embryo is. */
function agreement(plane: Uint8Array, mask: Uint8Array): number {
  const middle = (Math.min(...plane) + Math.max(...plane)) / 2;
  const right = plane.filter((grey, cell) => grey > middle === (mask[cell] === 1)).length / CELLS;
  return Math.max(right, 1 - right);
}

/** By how much the second plane is brighter where the mask is 1. */
function step(first: Uint8Array, second: Uint8Array, mask: Uint8Array): number {
  const cells = [...mask.keys()].filter((cell) => mask[cell] === 1);
  return cells.reduce((sum, cell) => sum + second[cell]! - first[cell]!, 0) / cells.length;
}

/** Share of the cells where the mask is 1 that show none of the planes, but something laid over all; black is only dark. */
function shareOfEqualPlanes([below, centre, above]: readonly [Uint8Array, Uint8Array, Uint8Array], mask: Uint8Array) {
  const cells = [...mask.keys()].filter((cell) => mask[cell] === 1);
  const isCovered = (cell: number) => below[cell] === centre[cell] && centre[cell] === above[cell];
  return cells.filter((cell) => isCovered(cell) && below[cell] !== 0 && below[cell] !== 255).length / cells.length;
}
