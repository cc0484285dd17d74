import type { Grade } from "../core/contracts/grades.ts";
import type { RandomStream } from "./random.ts";

/** What decides over the outcome of a transfer, but for chance. */
export interface Transfer {
  /** Latent qualities in 0..1. */
  readonly latentIcm: number;
  readonly latentTe: number;
  readonly ageYears: number;
}

// Log-odds of a gestational sac. Tuned on 26,000 transferred phantoms to Kim et al. 2024, Table 1: 34 % positive, women of
// 34.1 +- 3.3 years (the paper's: 34.0 +- 3.1), against 36.2 +- 3.8 of the negatives (36.2 +- 3.9). Whoever knew all of this
// formula would reach an AUROC of 0.752; age alone gives 0.665, both qualities without it 0.682.
const AT_BEST_AGE = -0.05;
const OF_ICM = 1.5;
const OF_TE = 1.6;
/** Up to this age nothing is lost; from there on the loss grows faster than the years. */
const AGE_OF_DECLINE_YEARS = 30.5;
const LOSS = 0.04;
const LOSS_EXPONENT = 1.7;

/** Probability of a clinical pregnancy (gestational sac) after the transfer of this one embryo, above 0 and below 1. */
export function pregnancyProbability({ latentIcm, latentTe, ageYears }: Transfer): number {
  const years = Math.max(0, ageYears - AGE_OF_DECLINE_YEARS);
  const logOdds = AT_BEST_AGE + OF_ICM * (latentIcm - 0.5) + OF_TE * (latentTe - 0.5) - LOSS * years ** LOSS_EXPONENT;
  return 1 / (1 + Math.exp(-logOdds));
}

/** A blastocyst is transferred, by itself, unless its clinic graded both ICM and TE as C. */
export function isTransferred(icmLabel: Grade | null, teLabel: Grade | null): boolean {
  return icmLabel !== null && teLabel !== null && !(icmLabel === "C" && teLabel === "C");
}

/** Whether the transfer came to a gestational sac: 1 or 0. */
export function transferOutcome(transfer: Transfer, random: RandomStream): 0 | 1 {
  return random.next() < pregnancyProbability(transfer) ? 1 : 0;
}
