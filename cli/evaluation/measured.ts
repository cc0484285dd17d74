/** Said in place of a figure that the data do not give; there is never a NaN in a report. */
export interface NotMeasurable {
  /** Why, as the end of the sentence "not measurable: ...". */
  readonly notMeasurable: string;
}

export type Measured<Figure> = Figure | NotMeasurable;

/** @param reason the end of the sentence "not measurable: ..." */
export function notMeasurable(reason: string): NotMeasurable {
  return { notMeasurable: reason };
}

/** Tells a figure from the reason why there is none. */
export function isMeasured<Figure extends object>(measured: Measured<Figure>): measured is Figure {
  return !("notMeasurable" in measured);
}

/** Both structures' figures, each measured for itself. */
export interface ByStructure<Figure> {
  readonly icm: Figure;
  readonly te: Figure;
}

export type Structure = keyof ByStructure<unknown>;
export const STRUCTURES: readonly Structure[] = ["icm", "te"];
export const STRUCTURE_NAMES: Readonly<Record<Structure, string>> = { icm: "ICM", te: "TE" };

/** The same measurement of both structures. */
export function byStructure<Figure>(measure: (structure: Structure) => Figure): ByStructure<Figure> {
  return { icm: measure("icm"), te: measure("te") };
}
