// A blastocyst's area changes by a few per cent an hour; a quarter within two hours is a slip of the cropper.
const OUTLIER_SHARE = 0.25;
const NEIGHBOURS_EACH_SIDE = 2;

/**
 * Finds tMEB, the time of the maximum expanded blastocyst: the grid's frame with the largest embryo area.
 *
 * One outlying mask must not decide it, so a frame counts only if its area is within 25 % of the median of the five
 * frames around it (fewer at the ends). The rule is ours: the paper takes the plain maximum. Where no frame passes, the
 * plain maximum is taken. Of equal areas the earlier is tMEB.
 *
 * @param areas embryo area of each frame of the grid, any unit, 0 where no embryo was found
 * @returns position in `areas`; -1 when every area is 0
 * @see Kragh et al. 2019, section 2.1
 */
export function findMaximumExpansion(areas: readonly number[]): number {
  const trusted = areas.map((area, position) => (isOutlying(areas, position) ? 0 : area));
  const best = positionOfMaximum(trusted);
  return best === -1 ? positionOfMaximum(areas) : best;
}

function isOutlying(areas: readonly number[], position: number): boolean {
  const from = Math.max(0, position - NEIGHBOURS_EACH_SIDE);
  const around = areas.slice(from, position + NEIGHBOURS_EACH_SIDE + 1);
  const typical = median(around);
  return Math.abs(areas[position]! - typical) > OUTLIER_SHARE * typical;
}

function positionOfMaximum(values: readonly number[]): number {
  let best = -1;
  values.forEach((value, position) => {
    if (value > 0 && (best === -1 || value > values[best]!)) best = position;
  });
  return best;
}

/** Middle value; the mean of the two middle ones for an even count. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
