/**
 * Seeded integer randomness. Every part of an embryo draws from a stream of its own, named by (seed, index, stream), so
 * that a new draw in one part moves nothing in another, and one picture can be rendered without its neighbours.
 */

/** Mixes two 32-bit words into one (murmur3's finaliser around a multiply). */
export function mix(state: number, word: number): number {
  let h = Math.imul(state ^ word, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hash of whole numbers and names into 32 bits; numbers beyond 32 bits count with both halves. */
export function hash(...parts: readonly (number | string)[]): number {
  let h = 0x2545f491;
  for (const part of parts) {
    if (typeof part === "number") {
      h = mix(mix(h, part | 0), Math.floor(part / 0x1_0000_0000) | 0);
    } else {
      h = mix(h, part.length);
      for (let i = 0; i < part.length; i++) h = mix(h, part.charCodeAt(i));
    }
  }
  return h;
}

/** A stream of numbers: splitmix32 over a hashed key. */
export class RandomStream {
  #state: number;

  constructor(...key: readonly (number | string)[]) {
    this.#state = hash(...key);
  }

  /** Uniform in [0, 1), 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 0x1_0000_0000;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number in low..high, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Mean 0, standard deviation 1, never beyond 3.47: the sum of four uniforms. */
  gauss(): number {
    return (this.next() + this.next() + this.next() + this.next() - 2) * 1.7320508075688772;
  }
}
