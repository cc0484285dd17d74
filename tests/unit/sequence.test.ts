import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sequenceUpTo } from "../../core/timelapse/sequence.ts";

const hours = (count: number) => Array.from({ length: count }, (_, position) => 90 + position);

describe("sequenceUpTo", () => {
  it("ends at tMEB, goes back without a gap, and has at most 30 frames", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), (count, choice) => {
        const tMeb = choice % count;

        const sequence = sequenceUpTo(hours(count), tMeb);

        expect(sequence.length).toBe(Math.min(30, tMeb + 1));
        expect(sequence.at(-1)).toBe(90 + tMeb);
        expect(sequence).toEqual(hours(count).slice(tMeb + 1 - sequence.length, tMeb + 1));
      }),
    );
  });

  it("drops the earliest hours of a long time-lapse", () => {
    expect(sequenceUpTo(hours(40), 35)[0]).toBe(96);
  });
});
