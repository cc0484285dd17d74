import { chiSquaredTail } from "./chi-squared.ts";

/** Halvings that leave no digit of a double open. */
const HALVINGS = 100;
/** No double below 1 is a level so high. */
const FURTHEST = 40;

/**
 * How many standard deviations either side of the mean hold a share of the normal distribution: 1.96 for 0.95. The square
 * of a standard normal variable is chi-squared with one degree of freedom.
 *
 * @param level above 0 and below 1
 * @throws RangeError for a level out of range
 */
export function centralNormalQuantile(level: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`level ${level}: wanted above 0 and below 1`);
  let [low, high] = [0, FURTHEST];
  for (let n = 0; n < HALVINGS; n++) {
    const middle = (low + high) / 2;
    if (chiSquaredTail(middle ** 2, 1) > 1 - level) low = middle;
    else high = middle;
  }
  return high;
}
