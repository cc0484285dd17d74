export type InstrumentName = "embryoscope" | "embryoscope-plus" | "inverted-microscope";

/** What a microscope's camera gives. */
export interface Instrument {
  /** Side of the square picture in pixels. */
  readonly size: number;
  readonly pixelsPerUm: number;
  /** Ascending, in micrometres. */
  readonly focalPlanesUm: readonly number[];
}

/**
 * Picture sizes of the incubators as in Kragh et al. 2019, section 2.1, with fields of view of 294 and 276 um. The inverted
 * microscope stands for all others: a dish without a well's wall, in contrast of any kind.
 */
export const INSTRUMENTS: Record<InstrumentName, Instrument> = {
  embryoscope: { size: 500, pixelsPerUm: 1.7, focalPlanesUm: [-45, -30, -15, 0, 15, 30, 45] },
  "embryoscope-plus": {
    size: 800,
    pixelsPerUm: 2.9,
    focalPlanesUm: [-75, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75],
  },
  "inverted-microscope": { size: 480, pixelsPerUm: 1.6, focalPlanesUm: [-45, -30, -15, 0, 15, 30, 45] },
};
