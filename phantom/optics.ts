import type { PhantomEmbryo } from "./embryo.ts";
import { RandomStream } from "./random.ts";

/** How a microscope turns optical thickness into grey levels; levels are per unit of thickness and pixel. */
export interface Optics {
  /** One-sided shading of modulation contrast, towards this direction in radians (0: lit from above, y downwards). */
  readonly relief: number;
  readonly light: number;
  /** Dark borders, as deep on every side. */
  readonly border: number;
  /** Bright lines beside dark ones, as in a slightly defocused bright field; the sign says which is inside. */
  readonly fringe: number;
  readonly absorption: number;
  /** Least half width of the blur, in micrometres, and its growth per micrometre of defocus. */
  readonly sharpestUm: number;
  readonly defocus: number;
  /** Standard deviation of the camera's noise in grey levels. */
  readonly noise: number;
  /** How strongly the zona shows, 1 in an incubator. */
  readonly zona: number;
  /** Granularity of the cytoplasm, 1 in an incubator. */
  readonly grain: number;
}

/** The optics of an embryo's microscope: those of one cycle are alike, for they stood in one incubator. */
export function opticsOf(embryo: PhantomEmbryo): Optics {
  const lamp = new RandomStream(embryo.cycleId, "lamp");
  const light = lamp.between(-0.45, 0.45);
  const contrast = lamp.between(0.8, 1.7);
  if (embryo.instrument !== "inverted-microscope") {
    return {
      relief: 300 * contrast * lamp.between(0.8, 1.2),
      light,
      border: 190 * contrast * lamp.between(0.8, 1.3),
      fringe: 0,
      absorption: 34 * lamp.between(0.7, 1.3),
      sharpestUm: lamp.between(0.2, 0.6),
      defocus: lamp.between(0.12, 0.17),
      noise: lamp.between(1.2, 3.2),
      zona: lamp.between(0.7, 1.3),
      grain: lamp.between(0.6, 1.5),
    };
  }
  // Bright field, phase and modulation contrast from any side, each on its own or mixed.
  const own = new RandomStream(embryo.seed, embryo.index, "lamp");
  return {
    relief: own.next() < 0.5 ? 300 * contrast * own.between(0.1, 1) : 0,
    light: own.between(-Math.PI, Math.PI),
    border: 420 * contrast * own.between(0.4, 1.8),
    fringe: own.next() < 0.6 ? own.between(-160, 160) : 0,
    absorption: own.between(-10, 50),
    sharpestUm: own.between(0.2, 0.9),
    // A small aperture shows the whole depth at once.
    defocus: own.between(0.02, 0.18),
    noise: own.between(0.8, 4.5),
    zona: own.between(0.25, 1.3),
    grain: own.between(0.5, 2.4),
  };
}
