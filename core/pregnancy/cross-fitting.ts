import { randomBelow } from "../statistics/random-below.ts";
import { type Calibration, calibrationBy } from "./calibration-map.ts";
import type { ScoredOutcome } from "./isotonic-calibrator.ts";

/** A case with what is never split between folds: the cycle, since one woman's embryos are alike. */
export interface CycleOutcome extends ScoredOutcome {
  readonly cycleId: string;
}

/** How the cases are dealt. */
export interface Folds {
  /** From 2 to the number of cycles. */
  readonly folds: number;
  /** Whole number; the same one deals the same folds. */
  readonly seed: number;
}

/**
 * The calibrated probability of every case by a calibrator that was fitted to the others: what a calibration is worth on
 * cases that it never saw. Whole cycles go to a fold, and each fold has about as many positives as the next.
 *
 * @returns probabilities in the cases' order
 * @throws RangeError for a number of folds out of range, or where the calibration cannot be fitted
 */
export function crossFitted(
  cases: readonly CycleOutcome[],
  calibration: Calibration,
  { folds, seed }: Folds,
): number[] {
  const foldOf = dealtFolds(cases, { folds, seed });
  const probabilities = new Array<number>(cases.length);
  for (let fold = 0; fold < folds; fold++) {
    const calibrated = calibration(cases.filter(({ cycleId }) => foldOf.get(cycleId) !== fold));
    for (const [place, { cycleId, score }] of cases.entries()) {
      if (foldOf.get(cycleId) === fold) probabilities[place] = calibrated(score);
    }
  }
  return probabilities;
}

/** {@link crossFitted} of isotonic calibration. @throws RangeError as there */
export function crossFittedIsotonic(cases: readonly CycleOutcome[], folds: Folds): number[] {
  return crossFitted(cases, calibrationBy("isotonic"), folds);
}

/**
 * Deals the cycles into folds, each with about as many positives as the next.
 *
 * @returns the fold of each cycle, from 0 on
 * @throws RangeError for a number of folds out of range
 */
export function dealtFolds(cases: readonly CycleOutcome[], { folds, seed }: Folds): Map<string, number> {
  const cycles = [...Map.groupBy(cases, ({ cycleId }) => cycleId)].map(([cycleId, own]) => ({
    cycleId,
    positives: own.filter(({ positive }) => positive).length,
  }));
  if (!Number.isSafeInteger(folds) || folds < 2 || folds > cycles.length) {
    throw new RangeError(`${folds} folds: wanted 2 to ${cycles.length}, as many as there are cycles`);
  }
  shuffle(cycles, randomBelow(seed));
  // Dealt like cards, those with most positives first, so that no fold gets all of them.
  cycles.sort((a, b) => b.positives - a.positives);
  return new Map(cycles.map(({ cycleId }, place) => [cycleId, place % folds]));
}

/** Fisher and Yates. */
function shuffle<One>(some: One[], below: (limit: number) => number): void {
  for (let i = some.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [some[i], some[j]] = [some[j]!, some[i]!];
  }
}
