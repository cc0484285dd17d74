/** A few times the square root of the largest parameter are needed. */
const MOST_TERMS = 10_000;
const PRECISION = 1e-16;
/** In place of a zero that would be divided by. */
const TINY = 1e-300;

/** One partial quotient: numerator over denominator plus all that follows. */
export interface PartialQuotient {
  readonly numerator: number;
  readonly denominator: number;
}

/**
 * 1 / (first + n1 / (d1 + n2 / (d2 + ...))) by Lentz's method, until another term changes nothing.
 *
 * @param first not 0
 * @param termAt the n-th partial quotient, n from 1 on
 * @see Press et al., Numerical Recipes, section 5.2
 */
export function continuedFraction(first: number, termAt: (n: number) => PartialQuotient): number {
  let c = 1 / TINY;
  let d = 1 / first;
  let fraction = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const { numerator, denominator } = termAt(n);
    d = 1 / nonZero(numerator * d + denominator);
    c = nonZero(denominator + numerator / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return fraction;
}

const nonZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
