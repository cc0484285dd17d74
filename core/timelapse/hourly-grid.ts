/** Hours post insemination. */
export type Hpi = number;

/** Start of the blastocyst stage. Kragh et al. 2019, section 2.1. */
export const BLASTOCYST_STAGE_HPI: Hpi = 90;

// Half an hour either side: instruments drift, and the paper samples "1 h apart" without saying from when.
const TOLERANCE_H = 0.5;

/**
 * Lays the hourly grid over the captures of one embryo: for 90 hpi and every full hour after it the nearest capture, at
 * most half an hour away and not before 90 hpi. An hour without such a capture is left out; a capture serves one hour.
 *
 * @param capturedHpi capture times in hours post insemination, ascending, any spacing
 * @returns indices into `capturedHpi`, ascending; empty when nothing was captured from 90 hpi on
 * @see Kragh et al. 2019, sections 2.1 and 2.3
 */
export function hourlyGrid(capturedHpi: readonly Hpi[]): number[] {
  const last = capturedHpi.at(-1);
  if (last === undefined || last < BLASTOCYST_STAGE_HPI) return [];

  const first = capturedHpi.findIndex((hpi) => hpi >= BLASTOCYST_STAGE_HPI);
  const grid: number[] = [];
  for (let hour = BLASTOCYST_STAGE_HPI; hour <= last + TOLERANCE_H; hour++) {
    const distance = (index: number) => Math.abs(capturedHpi[index]! - hour);
    let nearest = first;
    for (let index = first + 1; index < capturedHpi.length; index++) {
      if (distance(index) < distance(nearest)) nearest = index;
    }
    if (distance(nearest) <= TOLERANCE_H && grid.at(-1) !== nearest) grid.push(nearest);
  }
  return grid;
}
