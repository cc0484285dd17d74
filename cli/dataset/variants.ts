/** The paper's focal augmentation: one plane either way, in micrometres. Kragh et al. 2019, section 2.5. */
export const FOCAL_SHIFTS_UM = [0, -15, 15];

/** The paper's time augmentation: up to half an hour either way. */
export const TIME_SHIFTS_H = [0, -0.5, 0.5];

/** Variants of one still; the first is unshifted. */
export const STILL_VARIANTS = FOCAL_SHIFTS_UM.length * TIME_SHIFTS_H.length;
