import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../core/contracts/time-lapse.ts";
import { chooseFocalPlanes, type FocalStack, focalStacks, hasDepth } from "../../core/timelapse/focal-planes.ts";

const frame = (hpi: number, focalPlaneUm: number): Frame => ({ file: `${hpi}_${focalPlaneUm}.jpg`, hpi, focalPlaneUm });
const stack = (...planesUm: number[]): FocalStack => ({ hpi: 100, frames: planesUm.map((um) => frame(100, um)) });
const chosenUm = (planesUm: number[], shiftUm?: number) =>
  chooseFocalPlanes(stack(...planesUm), shiftUm).frames.map(({ focalPlaneUm }) => focalPlaneUm);

const EMBRYOSCOPE = [-45, -30, -15, 0, 15, 30, 45];
const EMBRYOSCOPE_PLUS = [-75, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75];

describe("chooseFocalPlanes", () => {
  it.each([[EMBRYOSCOPE], [EMBRYOSCOPE_PLUS]])("takes -45, 0 and +45 um, in this order, of %j", (planesUm) => {
    const chosen = chooseFocalPlanes(stack(...planesUm));

    expect(chosen.frames.map(({ focalPlaneUm }) => focalPlaneUm)).toEqual([-45, 0, 45]);
    expect(chosen.substitutedUm).toEqual([]);
  });

  it("takes no other plane for one that is there", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -120, max: 120 }), { maxLength: 12 }), (others) => {
        const planesUm = [...new Set([-45, 0, 45, ...others])].sort((a, b) => a - b);

        expect(chosenUm(planesUm)).toEqual([-45, 0, 45]);
      }),
    );
  });

  it("lets the nearest plane stand in for a missing one, and says for which", () => {
    const chosen = chooseFocalPlanes(stack(-30, 0, 40));

    expect(chosen.frames.map(({ focalPlaneUm }) => focalPlaneUm)).toEqual([-30, 0, 40]);
    expect(chosen.substitutedUm).toEqual([-45, 45]);
  });

  it("takes the nearest plane to each of the three, whatever planes there are", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -200, max: 200 }), { minLength: 1, maxLength: 12 }),
        fc.constantFrom(-15, 0, 15),
        (planesUm, shiftUm) => {
          const ascending = [...planesUm].sort((a, b) => a - b);

          const chosen = chosenUm(ascending, shiftUm);

          const distances = [-45, 0, 45].map((um) =>
            Math.min(...planesUm.map((plane) => Math.abs(plane - um - shiftUm))),
          );
          expect(chosen.map((plane, channel) => Math.abs(plane - [-45, 0, 45][channel]! - shiftUm))).toEqual(distances);
        },
      ),
    );
  });

  it("takes the lower of two equally near planes", () => {
    expect(chosenUm([-50, -40, -10, 10, 40, 50])).toEqual([-50, -10, 40]);
  });

  it("takes a plane that an instrument rounded for the plane itself", () => {
    expect(chooseFocalPlanes(stack(-44.5, 0.4, 45.9)).substitutedUm).toEqual([]);
  });

  it("moves all three by one plane for the augmentation", () => {
    expect(chosenUm(EMBRYOSCOPE_PLUS, 15)).toEqual([-30, 15, 60]);
    expect(chosenUm(EMBRYOSCOPE_PLUS, -15)).toEqual([-60, -15, 30]);
  });

  it("stops a moved plane at the end of the stack", () => {
    expect(chosenUm(EMBRYOSCOPE, 15)).toEqual([-30, 15, 45]);
  });
});

describe("focalStacks", () => {
  it("groups frames by time, and orders the planes of each", () => {
    const frames = [frame(90, 45), frame(90, -45), frame(90, 0), frame(91, 0)];

    const stacks = focalStacks(frames);

    expect(stacks.map(({ hpi }) => hpi)).toEqual([90, 91]);
    expect(stacks[0]!.frames.map(({ focalPlaneUm }) => focalPlaneUm)).toEqual([-45, 0, 45]);
  });

  it("keeps every frame", () => {
    const anyFrame = fc.record({ hpi: fc.integer({ min: 90, max: 99 }), um: fc.integer({ min: -75, max: 75 }) });
    fc.assert(
      fc.property(fc.array(anyFrame), (positions) => {
        const frames = positions.sort((a, b) => a.hpi - b.hpi).map(({ hpi, um }) => frame(hpi, um));

        const stacks = focalStacks(frames);

        expect(new Set(stacks.flatMap((each) => each.frames))).toEqual(new Set(frames));
        expect(new Set(stacks.map(({ hpi }) => hpi)).size).toBe(stacks.length);
      }),
    );
  });

  it("sees no depth in a single plane", () => {
    expect(hasDepth(stack(0))).toBe(false);
    expect(hasDepth(stack(-15, 0))).toBe(true);
  });
});
