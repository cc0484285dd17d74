import { describe, expect, it } from "vitest";
import { calibrationBy } from "../../core/pregnancy/calibration-map.ts";
import { hosmerLemeshowSpread } from "../../core/pregnancy/calibration-spread.ts";
import { type CycleOutcome, crossFitted } from "../../core/pregnancy/cross-fitting.ts";
import { hosmerLemeshow } from "../../core/statistics/hosmer-lemeshow.ts";
import { logistic } from "../../core/statistics/logistic-regression.ts";
import { median } from "../../core/statistics/median.ts";
import { randomBelow } from "../../core/statistics/random-below.ts";

const below = randomBelow(11);
const CASES: readonly CycleOutcome[] = Array.from({ length: 400 }, (_, n) => {
  const logOdds = below(6000) / 1000 - 3;
  const positive = below(1_000_000) / 1_000_000 < logistic(logOdds / 2 - 0.5);
  return { cycleId: `${Math.floor(n / 2)}`, score: logistic(logOdds), positive };
});

describe("hosmerLemeshowSpread", () => {
  it("has the test of every declared seed, and picks none", () => {
    const spread = hosmerLemeshowSpread(CASES, "platt", 5);

    expect(spread.map(({ seed }) => seed)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    ]);
    const probabilities = crossFitted(CASES, calibrationBy("platt"), { folds: 5, seed: 17 });
    const forecasts = CASES.map(({ positive }, n) => ({ probability: probabilities[n]!, observed: positive ? 1 : 0 }));
    expect(spread[16]).toEqual({ seed: 17, ...hosmerLemeshow(forecasts, { fitted: false }) });
    expect(new Set(spread.map(({ p }) => p)).size).toBe(20);
  });

  it("tells a map that cannot follow the outcomes from one that can, whatever the seed", () => {
    const next = randomBelow(12);
    const stepped = Array.from({ length: 1000 }, (_, n) => {
      const score = next(1000) / 1000;
      return { cycleId: `${n}`, score, positive: next(1000) < (score < 0.6 ? 100 : 600) };
    });

    const [platt, isotonic] = (["platt", "isotonic"] as const).map((method) =>
      hosmerLemeshowSpread(stepped, method, 5).map(({ p }) => p),
    );

    expect(Math.max(...platt!)).toBeLessThan(0.001);
    expect(median(isotonic!)).toBeGreaterThan(0.05);
  });
});
