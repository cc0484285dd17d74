import { FRAMES_AT_MOST } from "../contracts/clip.ts";

/**
 * Chooses the frames a sequence model sees: the hourly grid from tMEB backwards, at most 30.
 *
 * @param grid the hourly grid, ascending
 * @param tMebPosition position of tMEB in `grid`
 * @returns the chosen part of `grid` in chronological order; its last element is tMEB's
 * @see Kragh et al. 2019, sections 2.1 and 2.3
 */
export function sequenceUpTo<T>(grid: readonly T[], tMebPosition: number): T[] {
  return grid.slice(Math.max(0, tMebPosition + 1 - FRAMES_AT_MOST), tMebPosition + 1);
}
