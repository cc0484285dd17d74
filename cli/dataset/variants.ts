/** The paper's focal augmentation: one plane either way, in micrometres. Kragh et al. 2019, section 2.5. */
export const FOCAL_SHIFTS_UM = [0, -15, 15];

/** The paper's time augmentation: up to half an hour either way. */
export const TIME_SHIFTS_H = [0, -0.5, 0.5];

/**
 * The shifts of a still's variants, time-major and focal-minor; the first is unshifted, and those at no time shift come
 * before the others.
 *
 * @param count 1, 3 or 9
 */
export function shiftsOf(count: number): { readonly hours: number; readonly focalUm: number }[] {
  return TIME_SHIFTS_H.flatMap((hours) => FOCAL_SHIFTS_UM.map((focalUm) => ({ hours, focalUm }))).slice(0, count);
}
