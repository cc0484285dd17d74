import {
  type SampleSummary,
  sampleSummary,
  studentTTest,
  type TTest,
  welchTTest,
} from "../../../core/statistics/t-test.ts";
import { isMeasured, type Measured, notMeasurable } from "../../evaluation/measured.ts";
import { PAPER_AGES } from "../kim-2024.ts";
import type { Transfer } from "../transfers.ts";

/** A row of Table 1: women's ages, in years, by what the transfer came to. */
export interface AgeRow {
  /** A clinic, or "Total". */
  readonly laboratory: string;
  readonly negative: Measured<SampleSummary>;
  readonly positive: Measured<SampleSummary>;
  readonly tests: Measured<AgeTests>;
}

/** Both tests that the paper's "t-test" may be, of the negatives' mean minus the positives'. */
export interface AgeTests {
  readonly student: TTest;
  readonly welch: TTest;
}

/** A row of the paper's Table 1, with both tests of what it prints. */
export interface PaperAgeRow extends AgeTests {
  readonly laboratory: string;
  readonly negative: SampleSummary;
  readonly positive: SampleSummary;
  /** As printed. */
  readonly p: string;
}

/**
 * Table 1: all embryos first, then each clinic where there are several. Each embryo counts, as in the paper, although those
 * of one woman share her age: the tests take for independent what is not.
 */
export function ageRows(transfers: readonly Transfer[]): AgeRow[] {
  const clinics = [...new Set(transfers.flatMap(({ clinic }) => clinic ?? []))].sort();
  const rows = clinics.length < 2 ? [] : clinics;
  return [
    ageRow("Total", transfers),
    ...rows.map((name) =>
      ageRow(
        name,
        transfers.filter(({ clinic }) => clinic === name),
      ),
    ),
  ];
}

/** The paper's rows, each test computed from the printed means, deviations and numbers. */
export function paperAgeRows(): PaperAgeRow[] {
  return PAPER_AGES.map((row) => ({ ...row, ...bothTests(row.negative, row.positive) }));
}

function ageRow(laboratory: string, transfers: readonly Transfer[]): AgeRow {
  const agesOf = (outcome: boolean) => summary(transfers.filter(({ positive }) => positive === outcome));
  const [negative, positive] = [agesOf(false), agesOf(true)];
  return { laboratory, negative, positive, tests: measuredTests(negative, positive) };
}

function summary(transfers: readonly Transfer[]): Measured<SampleSummary> {
  if (transfers.length >= 2) return sampleSummary(transfers.map(({ ageYears }) => ageYears));
  return notMeasurable(transfers.length === 1 ? "there is one embryo" : "there is no embryo");
}

function measuredTests(negative: Measured<SampleSummary>, positive: Measured<SampleSummary>): Measured<AgeTests> {
  if (!isMeasured(negative) || !isMeasured(positive)) {
    return notMeasurable("it wants two embryos or more of each outcome");
  }
  const spread = negative.standardDeviation + positive.standardDeviation;
  return spread === 0 ? notMeasurable("the ages do not vary") : bothTests(negative, positive);
}

function bothTests(negative: SampleSummary, positive: SampleSummary): AgeTests {
  return { student: studentTTest(negative, positive), welch: welchTTest(negative, positive) };
}
