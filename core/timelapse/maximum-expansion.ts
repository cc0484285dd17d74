import { median } from "../statistics/median.ts";

// A blastocyst's area changes by a few per cent an hour; a quarter within two hours is a slip of the cropper.
const OUTLIER_SHARE = 0.25;
// Two hours and the grid's tolerance: in a sparse archive a frame may have no neighbour, and then nothing speaks against it.
const NEIGHBOUR_H = 2.5;

/** What the grid's frame shows at one time. */
export interface TimedArea {
  readonly hpi: number;
  /** Embryo area in any unit, 0 where no embryo was found. */
  readonly area: number;
}

/**
 * Finds tMEB, the time of the maximum expanded blastocyst: the grid's frame with the largest embryo area.
 *
 * One outlying mask must not decide it, so a frame counts only if its area is within 25 % of the median of the frames
 * within two and a half hours of it, itself included. The rule is ours: the paper takes the plain maximum. Where no frame
 * passes, the plain maximum is taken. Of equal areas the earlier is tMEB.
 *
 * @param frames the frames of the grid, ascending by time
 * @returns position in `frames`; -1 when every area is 0
 * @see Kragh et al. 2019, section 2.1
 */
export function findMaximumExpansion(frames: readonly TimedArea[]): number {
  const trusted = frames.map((frame) => (isOutlying(frame, frames) ? 0 : frame.area));
  const best = positionOfMaximum(trusted);
  return best === -1 ? positionOfMaximum(frames.map(({ area }) => area)) : best;
}

function isOutlying({ hpi, area }: TimedArea, frames: readonly TimedArea[]): boolean {
  const around = frames.filter((frame) => Math.abs(frame.hpi - hpi) <= NEIGHBOUR_H);
  const typical = median(around.map((frame) => frame.area));
  return Math.abs(area - typical) > OUTLIER_SHARE * typical;
}

function positionOfMaximum(values: readonly number[]): number {
  let best = -1;
  values.forEach((value, position) => {
    if (value > 0 && (best === -1 || value > values[best]!)) best = position;
  });
  return best;
}
