import { describe, expect, it } from "vitest";
import { PAPER_AGES, PAPER_CALIBRATION, PAPER_FOCUS, PAPER_PERFORMANCE } from "../../cli/pregnancy/kim-2024.ts";
import { studentTTest, welchTTest } from "../../core/statistics/t-test.ts";

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe("Kim's Table 1", () => {
  // SciPy 1.10.1: scipy.stats.ttest_ind_from_stats of the printed numbers. The paper's p of D (0.027) and of E (0.023) is
  // neither of the two: means and SDs are printed to a tenth of a year.
  it.each([
    ["Total", 14.128582047074167, 1.0737426269700465e-43, 15.342541193322834, 2.9959339567453724e-50],
    ["A", 12.228325234733385, 1.3855411657393232e-32, 14.15154822375689, 7.324576219432311e-41],
    ["B", 5.223143325987069, 2.5439655279350336e-7, 5.4964562232632845, 6.074699058650439e-8],
    ["C", 4.609137038784171, 5.446552325471209e-6, 4.703534524709314, 7.027331885632398e-6],
    ["D", 2.3328005175047015, 0.02052599480093189, 2.245862838014807, 0.025973384115921875],
    ["E", 2.3344179469290567, 0.021168766526979462, 2.4250196800214003, 0.017146266340706165],
  ])("of %s gives SciPy's tests", (laboratory, studentT, studentP, welchT, welchP) => {
    const { negative, positive } = PAPER_AGES.find((row) => row.laboratory === laboratory)!;

    const [student, welch] = [studentTTest(negative, positive), welchTTest(negative, positive)];

    expect(student.t).toBeCloseTo(studentT, 11);
    expect(Math.abs(student.p / studentP - 1)).toBeLessThan(1e-9);
    expect(welch.t).toBeCloseTo(welchT, 11);
    expect(Math.abs(welch.p / welchP - 1)).toBeLessThan(1e-9);
  });

  it("adds up to its total", () => {
    const [total, ...laboratories] = PAPER_AGES;

    const added = (["negative", "positive"] as const).map((outcome) => sum(laboratories.map((row) => row[outcome].n)));

    expect(added).toEqual([total!.negative.n, total!.positive.n]);
    expect(sum(added)).toBe(2555);
  });
});

it("has Kim's Table 2 for three networks and two inputs, enhanced above plain", () => {
  const gain = (network: string) => {
    const of = (input: string) => PAPER_PERFORMANCE.find((row) => row.network === network && row.input === input)!;
    return of("enhanced").auroc.mean - of("plain").auroc.mean;
  };

  const gains = ["vgg16", "resnet50", "densenet121"].map(gain);

  expect(PAPER_PERFORMANCE).toHaveLength(6);
  expect(gains.map((one) => one.toFixed(3))).toEqual(["0.021", "0.025", "0.016"]);
});

it("has Kim's Table 3, which adds up to the totals that the abstract names", () => {
  const totals = (["cases", "plainOnIcmOrTe", "enhancedOnIcmOrTe"] as const).map((column) =>
    sum(PAPER_FOCUS.map((row) => row[column])),
  );

  expect(totals).toEqual([512, 438, 506]);
});

it("has Kim's Brier scores either side of what answering the share of pregnancies every time would give", () => {
  const { negative, positive } = PAPER_AGES[0]!;
  const prevalence = positive.n / (negative.n + positive.n);

  const constant = prevalence * (1 - prevalence);

  expect(PAPER_CALIBRATION.before.brier).toBeGreaterThan(constant);
  expect(PAPER_CALIBRATION.after.brier).toBeLessThan(constant);
});
