import { regularisedIncompleteBeta } from "./incomplete-beta.ts";

/**
 * Probability that a variable of Student's t distribution lies further from 0 than a value, on either side.
 *
 * @param t any number; infinities give 0
 * @param df degrees of freedom above 0, fractional ones too
 * @returns 0 to 1
 * @throws RangeError for degrees of freedom out of range or a t that is no number
 */
export function twoSidedTTail(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`${df} degrees of freedom: wanted above 0`);
  if (Number.isNaN(t)) throw new RangeError("t is no number");
  const square = t * t;
  // The tail is the function at df / (df + t^2), which rounds to 1 for a small t; the other end keeps its digits.
  if (square < 1) return 1 - regularisedIncompleteBeta(square / (df + square), 1 / 2, df / 2);
  return regularisedIncompleteBeta(1 / (1 + square / df), df / 2, 1 / 2);
}
