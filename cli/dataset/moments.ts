import { FOCAL_SHIFTS_UM, TIME_SHIFTS_H } from "./variants.ts";

/** Times of the stills: the annotation, the maximum expansion, and the hours post insemination of Kragh Table 3. */
export const MOMENTS = ["tA", "tMEB", "105", "110", "115", "120"] as const;
export type Moment = (typeof MOMENTS)[number];

/** One still; with focal shifts; with focal and time shifts. */
const VARIANT_COUNTS = [1, FOCAL_SHIFTS_UM.length, FOCAL_SHIFTS_UM.length * TIME_SHIFTS_H.length] as const;

/** How many variants of each moment a data set has. */
export type MomentVariants = Readonly<Partial<Record<Moment, number>>>;

/**
 * Reads `tA:9,tMEB:3,110`; a moment without a number has one variant.
 *
 * @throws Error with a sentence for whoever wrote the option
 */
export function parseMoments(text: string): MomentVariants {
  const moments: Partial<Record<Moment, number>> = {};
  for (const part of text.split(",").filter((piece) => piece !== "")) {
    const [name, count = "1", ...rest] = part.split(":");
    const moment = MOMENTS.find((known) => known === name);
    const variants = VARIANT_COUNTS.find((known) => String(known) === count);
    if (moment === undefined || variants === undefined || rest.length > 0) {
      throw new Error(
        `--moments ${part}: wanted one of ${MOMENTS.join(", ")} and a colon with ${VARIANT_COUNTS.join(", ")} variants, such as tA:9`,
      );
    }
    moments[moment] = variants;
  }
  // In one order, however they were given: the manifest is compared as text when a run goes on.
  return Object.fromEntries(MOMENTS.flatMap((moment) => (moment in moments ? [[moment, moments[moment]!]] : [])));
}
