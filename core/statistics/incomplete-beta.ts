import { continuedFraction } from "./continued-fraction.ts";
import { logGamma } from "./log-gamma.ts";

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction where that converges fast, and by
 * 1 - I_(1 - x)(b, a) elsewhere.
 *
 * @param x 0 to 1
 * @param a above 0
 * @param b above 0
 * @returns 0 to 1
 * @throws RangeError for a parameter out of range
 * @see Press et al., Numerical Recipes, section 6.4
 */
export function regularisedIncompleteBeta(x: number, a: number, b: number): number {
  if (!(x >= 0 && x <= 1)) throw new RangeError(`incomplete beta of ${x}: wanted 0 to 1`);
  if (!(a > 0 && b > 0)) throw new RangeError(`incomplete beta with ${a} and ${b}: wanted above 0`);
  if (x === 0 || x === 1) return x;
  const common = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b));
  if (x < (a + 1) / (a + b + 2)) return (common / a) * betaFraction(x, a, b);
  return 1 - (common / b) * betaFraction(1 - x, b, a);
}

/** The incomplete beta function over x^a (1 - x)^b / a. */
function betaFraction(x: number, a: number, b: number): number {
  return continuedFraction(1, (n) => {
    const m = Math.floor(n / 2);
    const over = n % 2 === 1 ? -(a + m) * (a + b + m) : m * (b - m);
    return { numerator: (over * x) / ((a + n - 1) * (a + n)), denominator: 1 };
  });
}
