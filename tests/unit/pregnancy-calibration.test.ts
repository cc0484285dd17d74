import { describe, expect, it } from "vitest";
import { isMeasured } from "../../cli/evaluation/measured.ts";
import { calibrationReport } from "../../cli/pregnancy/figures/calibration.ts";
import { failed, SEEDS, seedTests } from "../../cli/pregnancy/figures/calibration-seeds.ts";
import { claimsHere, holdsOne } from "../../cli/pregnancy/figures/claims.ts";
import { focusFigures } from "../../cli/pregnancy/figures/focus.ts";
import { performanceFigures } from "../../cli/pregnancy/figures/performance.ts";
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
const NO_FOCUS = focusFigures([transfer("a")], [], RESAMPLING);
const NO_PERFORMANCE = performanceFigures([transfer("a"), transfer("b", { positive: false })], [], RESAMPLING);
const scoreAt = (place: number) => 0.02 + ((place % 30) / 29) * 0.96;
const oversure = (score: number) => 0.5 + (score - 0.5) / 2;

/** A network that scores its own fold, the third, and the held-out embryos alike; of these other shares may be positive. */
function reportOf(share: (score: number) => number, heldOutShare = share) {
  const all = [...cases("own", 2, share), ...cases("other", 1, () => 1), ...cases("test", null, heldOutShare)];
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
    expect([holdsOne(before.slope), holdsOne(after.slope)]).toEqual([false, true]);
  });

  it("is claimed to lower Brier score and calibration error by the paper's method and by the rule's", () => {
    const claims = claimsHere(
      NO_PERFORMANCE,
      NO_FOCUS,
      reportOf((score) => 0.5 + (score - 0.5) / 5),
    );

    expect(claims.map(({ claim, verdict }) => `${claim} ${verdict}`)).toEqual(
      ["isotonic regression", "Platt scaling"].flatMap((method) => [
        `Calibration by ${method} lowers the Brier score. holds`,
        `Calibration by ${method} lowers the calibration error. holds`,
        `After ${method} the calibration slope's interval holds 1. holds`,
      ]),
    );
  });

  it("learns nothing from the held-out embryos", () => {
    const alike = reportOf(oversure);
    const reversed = reportOf(oversure, (score) => oversure(1 - score));

    if (!isMeasured(alike) || !isMeasured(reversed)) throw new Error("nothing was measured");
    const given = ({ after }: typeof alike) => after.platt.curve.map(({ predicted }) => predicted);
    expect(given(reversed)).toEqual(given(alike));
    expect(reversed.after.platt.slope).toMatchObject({ slope: { value: expect.closeTo(-1, 1) } });
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

  it("fits to one half and tests on the other: of chance alone nothing can be learnt", () => {
    const chance = Array.from({ length: 200 }, (_, n) => {
      const hash = Math.imul(n + 1, 0x9e3779b1) >>> 8;
      return { cycleId: `${n}`, score: n / 200, positive: hash % 3 === 0 };
    });

    const tests = seedTests(chance);

    if (!isMeasured(tests)) throw new Error(tests.notMeasurable);
    expect(failed(tests, "isotonic")).toBeGreaterThan(3);
  });

  it("needs two cycles", () => {
    const tests = seedTests([{ cycleId: "one", positive: true, score: 0.5 }]);

    expect(tests).toEqual({ notMeasurable: expect.stringContaining("one cycle") });
  });
});
