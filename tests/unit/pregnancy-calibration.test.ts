import { describe, expect, it } from "vitest";
import { isMeasured } from "../../cli/evaluation/measured.ts";
import { calibrationReport } from "../../cli/pregnancy/figures/calibration.ts";
import { failed, SEEDS, seedTests } from "../../cli/pregnancy/figures/calibration-seeds.ts";
import type { Transfer } from "../../cli/pregnancy/transfers.ts";
import { RESAMPLING, scoredBy, transfer } from "../builders/pregnancy-report.ts";

/** Of every ten embryos of a score as many come to a pregnancy as `share` says of it. */
function cases(name: string, fold: number | null, share: (score: number) => number): Transfer[] {
  return Array.from({ length: 300 }, (_, n) => {
    const score = scoreAt(n);
    return transfer(`${name}${n}`, {
      fold,
      cycleId: `${name}${n % 100}`,
      positive: (Math.floor(n / 30) + 0.5) / 10 < share(score),
    });
  });
}
const scoreAt = (place: number) => 0.02 + ((place % 30) / 29) * 0.96;
const oversure = (score: number) => 0.5 + (score - 0.5) / 2;

/** A network that scores its own fold, the third, and the held-out embryos alike. */
function reportOf(share: (score: number) => number) {
  const all = [...cases("own", 2, share), ...cases("other", 1, () => 1), ...cases("test", null, share)];
  const scored = all.filter(({ fold }) => fold !== 1);
  const network = scoredBy(scored, (_, n) => scoreAt(n % 300), { fold: 2 });
  return calibrationReport(all, network, RESAMPLING);
}

describe("calibration on held-out embryos", () => {
  it("mends scores that are too sure, by a calibrator fitted to the network's own fold", () => {
    const report = reportOf(oversure);

    if (!isMeasured(report)) throw new Error(report.notMeasurable);
    expect(report).toMatchObject({ model: { fold: 2 }, fitted: { embryos: 300, cycles: 100 }, chosen: "platt" });
    for (const { brier, ece, brierChange, eceChange, hosmerLemeshow } of Object.values(report.after)) {
      expect(brier.value).toBeLessThan(report.before.brier.value);
      expect(brierChange.value).toBeCloseTo(brier.value - report.before.brier.value, 12);
      expect(eceChange.value).toBeCloseTo(ece.value - report.before.ece.value, 12);
      expect(hosmerLemeshow.p).toBeGreaterThan(report.before.hosmerLemeshow.p!);
    }
    const [before, after] = [report.before.slope, report.after.platt.slope];
    if (!isMeasured(before) || !isMeasured(after)) throw new Error("no slope");
    expect(before.slope.high).toBeLessThan(1);
    expect(after.slope.value).toBeCloseTo(1, 1);
  });

  it("says why where there is nothing to fit", () => {
    const report = reportOf(() => 1);

    expect(report).toEqual({
      notMeasurable: expect.stringContaining("of 300 embryos of fold 2 300 came to a pregnancy"),
    });
  });

  it("has a slope for no score that never varies", () => {
    const all = [...cases("own", 0, oversure), ...cases("test", null, oversure)];

    const report = calibrationReport(
      all,
      scoredBy(all, () => 0.4),
      RESAMPLING,
    );

    if (!isMeasured(report)) throw new Error(report.notMeasurable);
    expect(report.before.slope).toMatchObject({ notMeasurable: expect.any(String) });
    expect(report.before.hosmerLemeshow).toMatchObject({ df: 1 });
  });
});

describe("the Hosmer-Lemeshow test over seeds", () => {
  const scored = (share: (score: number) => number) =>
    cases("e", null, share).map(({ cycleId, positive }, n) => ({ cycleId, positive, score: scoreAt(n) }));

  it("deals whole cycles into other halves for each of the twenty seeds", () => {
    const tests = seedTests(scored(oversure));

    if (!isMeasured(tests)) throw new Error(tests.notMeasurable);
    expect(tests.map(({ seed }) => seed)).toEqual(SEEDS);
    expect(SEEDS).toHaveLength(20);
    expect(new Set(tests.map(({ p }) => p.platt)).size).toBeGreaterThan(10);
    for (const { p } of tests) for (const one of Object.values(p)) expect(one >= 0 && one <= 1).toBe(true);
  });

  it("calls wrong scores wrong in every half, and calibrated ones seldom", () => {
    const tests = seedTests(scored(oversure));

    if (!isMeasured(tests)) throw new Error(tests.notMeasurable);
    expect(failed(tests, "raw")).toBe(20);
    expect(failed(tests, "platt")).toBeLessThan(5);
  });

  it("needs two cycles", () => {
    const tests = seedTests([{ cycleId: "one", positive: true, score: 0.5 }]);

    expect(tests).toEqual({ notMeasurable: expect.stringContaining("one cycle") });
  });
});
