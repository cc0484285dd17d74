/** Terms of either expansion; a few times the square root of the degrees of freedom are needed. */
const MOST_TERMS = 10_000;
const PRECISION = 1e-16;
/** In place of a zero that a continued fraction would divide by. */
const TINY = 1e-300;

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

/** The upper incomplete gamma function over x^a e^-x, by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / nonZero(numerator * d + b);
    c = nonZero(b + numerator / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return fraction;
}

const nonZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);

/** Natural logarithm of the gamma function of half a whole number from 1/2 on, by its recurrence: exact to rounding. */
function logGamma(half: number): number {
  let [sum, at] = [0, half];
  while (at > 1) {
    at -= 1;
    sum += Math.log(at);
  }
  return at === 0.5 ? sum + Math.log(Math.PI) / 2 : sum;
}
