import { describe, expect, it } from "vitest";
import { hosmerLemeshow } from "../../core/statistics/hosmer-lemeshow.ts";

const forecasts = (probabilities: readonly number[], observed: readonly number[]) =>
  probabilities.map((probability, n) => ({ probability, observed: observed[n]! }));

// Ten groups of five. Statistic by NumPy over both classes, tails by SciPy 1.10.1: 15.5792..., 0.0488... and 0.1123...
const PROBABILITIES = [
  0.0249, 0.0659, 0.0721, 0.0763, 0.1332, 0.1805, 0.2048, 0.2134, 0.2303, 0.2684, 0.276, 0.2881, 0.314, 0.353, 0.3659,
  0.3704, 0.3724, 0.3809, 0.413, 0.4384, 0.4521, 0.4528, 0.4591, 0.4678, 0.4774, 0.4908, 0.4999, 0.5011, 0.5234, 0.5385,
  0.5485, 0.5726, 0.6005, 0.6574, 0.669, 0.6792, 0.7193, 0.7235, 0.7411, 0.7504, 0.7686, 0.7799, 0.8037, 0.8379, 0.9064,
  0.9091, 0.9096, 0.9312, 0.9501, 0.978,
];
const OBSERVED = [..."00000110000010000000011000111111100110000010111111"].map(Number);

describe("hosmerLemeshow", () => {
  it("is what NumPy and SciPy make of the same ten groups, on other data and on the fitted", () => {
    const shuffled = forecasts(PROBABILITIES, OBSERVED).toSorted(
      (a, b) => ((a.probability * 7) % 1) - ((b.probability * 7) % 1),
    );

    const elsewhere = hosmerLemeshow(shuffled, { fitted: false });
    const fitted = hosmerLemeshow(shuffled, { fitted: true });

    expect(elsewhere).toMatchObject({ df: 10, groups: 10 });
    expect(elsewhere.chiSquared).toBeCloseTo(15.579207693127442, 10);
    expect(elsewhere.p).toBeCloseTo(0.11232837652426379, 12);
    expect(fitted.df).toBe(8);
    expect(fitted.p).toBeCloseTo(0.04881455017187863, 12);
  });

  it("keeps equal forecasts in one group, and has a degree of freedom less for each group less", () => {
    const probabilities = [...Array(30).fill(0.2), ...Array(30).fill(0.6)];
    const observed = probabilities.map((_, n) => (n < 9 || (n >= 30 && n < 51) ? 1 : 0));

    const test = hosmerLemeshow(forecasts(probabilities, observed), { fitted: false });

    expect(test).toMatchObject({ groups: 2, df: 2 });
    expect(test.chiSquared).toBeCloseTo((9 - 6) ** 2 / 4.8 + (21 - 18) ** 2 / 7.2, 10);
  });

  it("has no p with one group on the data that it was fitted to", () => {
    const test = hosmerLemeshow(forecasts(Array(20).fill(0.5), Array(20).fill(1)), { fitted: true });

    expect(test).toMatchObject({ groups: 1, df: -1, p: Number.NaN });
  });

  it("is infinite where something that was ruled out came, and unmoved where it did not", () => {
    const came = hosmerLemeshow(forecasts([0, 0, 0.5, 0.5], [1, 0, 1, 0]), { fitted: false });
    const didNot = hosmerLemeshow(forecasts([0, 0, 0.5, 0.5], [0, 0, 1, 0]), { fitted: false });

    expect(came).toMatchObject({ chiSquared: Number.POSITIVE_INFINITY, p: 0 });
    expect(didNot).toMatchObject({ chiSquared: 0, p: 1 });
  });
});
