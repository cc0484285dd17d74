import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hourlyGrid } from "../../core/timelapse/hourly-grid.ts";

/** Capture times from 80 hpi on, ascending, with any gaps: bursts, equal times and hours without a picture. */
const captures = fc
  .tuple(
    fc.double({ min: 80, max: 100, noNaN: true }),
    fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { maxLength: 80 }),
  )
  .map(([first, gaps]) => gaps.reduce((times, gap) => times.concat(times.at(-1)! + gap), [first]));

const everyTenMinutes = (fromHpi: number, toHpi: number) =>
  Array.from({ length: Math.floor((toHpi - fromHpi) * 6) + 1 }, (_, position) => fromHpi + position / 6);

describe("hourlyGrid", () => {
  it("chooses captures in order of time, each once, none before 90 hpi", () => {
    fc.assert(
      fc.property(captures, (capturedHpi) => {
        const grid = hourlyGrid(capturedHpi);

        expect(grid).toEqual([...new Set(grid)].sort((a, b) => a - b));
        expect(grid.every((index) => Number.isInteger(index) && capturedHpi[index]! >= 90)).toBe(true);
      }),
    );
  });

  it("chooses no capture but the nearest to a full hour from 90 hpi on, at most half an hour away", () => {
    fc.assert(
      fc.property(captures, (capturedHpi) => {
        const chosen = hourlyGrid(capturedHpi).map((index) => capturedHpi[index]!);

        const usable = capturedHpi.filter((hpi) => hpi >= 90);
        const serves = (hpi: number, hour: number) => {
          const distance = Math.abs(hpi - hour);
          return hour >= 90 && distance <= 0.5 && usable.every((other) => Math.abs(other - hour) >= distance);
        };
        expect(chosen.filter((hpi) => !serves(hpi, Math.floor(hpi)) && !serves(hpi, Math.ceil(hpi)))).toEqual([]);
      }),
    );
  });

  it("takes the nearest capture to every hour that has one within half an hour", () => {
    fc.assert(
      fc.property(captures, (capturedHpi) => {
        const chosen = new Set(hourlyGrid(capturedHpi).map((index) => capturedHpi[index]!));

        const usable = capturedHpi.filter((hpi) => hpi >= 90);
        for (let hour = 90; hour <= (usable.at(-1) ?? 0) + 0.5; hour++) {
          const nearest = Math.min(...usable.map((hpi) => Math.abs(hpi - hour)));
          const served = [...chosen].some((hpi) => Math.abs(hpi - hour) === nearest);
          if (nearest <= 0.5) expect(served, `hour ${hour}`).toBe(true);
        }
      }),
    );
  });

  it("has at most one capture for an hour", () => {
    fc.assert(
      fc.property(captures, (capturedHpi) => {
        const grid = hourlyGrid(capturedHpi);

        const last = capturedHpi.at(-1)!;
        expect(grid.length).toBeLessThanOrEqual(Math.max(0, Math.floor(last + 0.5) - 90 + 1));
      }),
    );
  });

  it("takes every full hour of an instrument that photographs every ten minutes", () => {
    const capturedHpi = everyTenMinutes(85, 120);

    const chosen = hourlyGrid(capturedHpi).map((index) => capturedHpi[index]!);

    expect(chosen.map(Math.round)).toEqual(Array.from({ length: 31 }, (_, hour) => 90 + hour));
    expect(Math.max(...chosen.map((hpi) => Math.abs(hpi - Math.round(hpi))))).toBeLessThan(1e-9);
  });

  it("leaves out an hour without a picture", () => {
    expect(hourlyGrid([90, 91, 94])).toEqual([0, 1, 2]);
  });

  it("leaves out an hour whose nearest picture is more than half an hour away", () => {
    expect(hourlyGrid([90.55, 91.1])).toEqual([1]);
  });

  it("lets a capture half way between two hours serve one of them", () => {
    expect(hourlyGrid([90.5])).toEqual([0]);
  });

  it("takes the earlier of two equally near captures", () => {
    expect(hourlyGrid([90, 90.75, 91.25])).toEqual([0, 1]);
  });

  it("is not held up by two captures of the same time", () => {
    expect(hourlyGrid([90, 90, 90.6])).toEqual([0, 2]);
  });

  it("begins at 90 hpi and not with a nearer capture before it", () => {
    expect(hourlyGrid([89.9, 90.4])).toEqual([1]);
  });

  it.each([[[]], [[89.99]], [[10, 50, 89]]])("is empty for %j", (capturedHpi) => {
    expect(hourlyGrid(capturedHpi)).toEqual([]);
  });
});
