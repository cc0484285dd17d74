export type InstrumentName = "embryoscope" | "embryoscope-plus";

/** What a time-lapse incubator's camera gives. */
export interface Instrument {
  /** Side of the square picture in pixels. */
  readonly size: number;
  readonly pixelsPerUm: number;
  /** Ascending, in micrometres. */
  readonly focalPlanesUm: readonly number[];
}

/** Picture sizes as in Kragh et al. 2019, section 2.1; fields of view of 294 and 276 um. */
export const INSTRUMENTS: Record<InstrumentName, Instrument> = {
  embryoscope: { size: 500, pixelsPerUm: 1.7, focalPlanesUm: [-45, -30, -15, 0, 15, 30, 45] },
  "embryoscope-plus": {
    size: 800,
    pixelsPerUm: 2.9,
    focalPlanesUm: [-75, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75],
  },
};
