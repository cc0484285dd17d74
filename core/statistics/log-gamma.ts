/** Stirling's series is exact to rounding from here on; smaller numbers are raised to it by the recurrence. */
const SERIES_FROM = 12;

/**
 * Natural logarithm of the gamma function.
 *
 * @param x above 0
 * @returns to about 1e-15 of its size, and to 1e-14 near its zeros at 1 and 2
 * @throws RangeError for any other x
 * @see Abramowitz and Stegun 1964, 6.1.15 and 6.1.41
 */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new RangeError(`log gamma of ${x}: wanted above 0`);
  let at = x;
  let raised = 1;
  for (; at < SERIES_FROM; at++) raised *= at;
  const square = at * at;
  const correction = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / at;
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + correction - Math.log(raised);
}
