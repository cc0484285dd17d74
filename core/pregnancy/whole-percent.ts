/**
 * A probability in whole per cent, to be read by people: never "0" or "100", since no calibrator rules a pregnancy out or in.
 *
 * @param share above 0 and below 1
 */
export function wholePercent(share: number): string {
  const percent = Math.round(100 * share);
  if (percent < 1) return "<1";
  return percent > 99 ? ">99" : `${percent}`;
}
