/** What a pixel of a segmented still shows, as datasets and networks number it. */
export const TISSUES = ["other", "icm", "te"] as const;
export type Tissue = (typeof TISSUES)[number];

/** Place in {@link TISSUES}. */
export const TISSUE_LABEL = { other: 0, icm: 1, te: 2 } as const;
