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

  const grid: number[] = [];
  let candidate = capturedHpi.findIndex((hpi) => hpi >= BLASTOCYST_STAGE_HPI);
  for (let hour = BLASTOCYST_STAGE_HPI; hour <= last + TOLERANCE_H; hour++) {
    while (
      candidate + 1 < capturedHpi.length &&
      Math.abs(capturedHpi[candidate + 1]! - hour) < Math.abs(capturedHpi[candidate]! - hour)
    ) {
      candidate++;
    }
    if (Math.abs(capturedHpi[candidate]! - hour) <= TOLERANCE_H && grid.at(-1) !== candidate) grid.push(candidate);
  }
  return grid;
}
