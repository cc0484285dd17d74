import { continuedFraction } from "./continued-fraction.ts";
import { logGamma } from "./log-gamma.ts";

/** Terms of the series; a few times the square root of the degrees of freedom are needed. */
const MOST_TERMS = 10_000;
const PRECISION = 1e-16;

/**
 * Probability that a chi-squared variable exceeds a value: the regularised upper incomplete gamma function
 * Q(df / 2, value / 2), by its series below df / 2 + 1 and by its continued fraction above.
 *
 * @param value from 0 on; infinity gives 0
 * @param df degrees of freedom, from 1 on
 * @returns 0 to 1
 * @throws RangeError for a value or degrees of freedom out of range
 * @see Press et al., Numerical Recipes, section 6.2
 */
export function chiSquaredTail(value: number, df: number): number {
  if (!(value >= 0)) throw new RangeError(`chi-squared ${value}: wanted 0 or more`);
  if (!(df >= 1)) throw new RangeError(`${df} degrees of freedom: wanted 1 or more`);
  if (value === 0) return 1;
  if (value === Number.POSITIVE_INFINITY) return 0;
  const [a, x] = [df / 2, value / 2];
  const common = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - common * lowerSeries(a, x) : common * upperFraction(a, x);
}

/** The lower incomplete gamma function over x^a e^-x. */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MOST_TERMS && term > sum * PRECISION; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** The upper incomplete gamma function over x^a e^-x. */
function upperFraction(a: number, x: number): number {
  return continuedFraction(x + 1 - a, (n) => ({ numerator: -n * (n - a), denominator: x + 1 - a + 2 * n }));
}
