import { GRADES, type Grade } from "../core/contracts/grades.ts";
import type { RandomStream } from "./random.ts";

/** Where a latent quality turns into the next better grade, and how much annotators differ; all in latent units. */
interface Scale {
  readonly bFrom: number;
  readonly aFrom: number;
  /** Of one annotator's habit, kept over both structures of an embryo and over all embryos. */
  readonly habits: readonly number[];
  /** Standard deviation of one judgement. */
  readonly noise: number;
}

// The target: shares of A, B and C of 47/40/13 and 43/40/17, and one annotator who agrees with the majority of the other
// four on about 7 embryos in 10. What came out is in docs/phantoms.md.
export const ICM_SCALE: Scale = { bFrom: 0.105, aFrom: 0.53, habits: [-0.07, -0.03, 0, 0.03, 0.07], noise: 0.17 };
export const TE_SCALE: Scale = { bFrom: 0.145, aFrom: 0.57, habits: [-0.05, 0.06, -0.02, 0.03, -0.02], noise: 0.17 };

/** What five annotators would say of a quality in 0..1; class order of {@link GRADES}. */
export function votesFor(latent: number, scale: Scale, random: RandomStream): Grade[] {
  return scale.habits.map((habit) => {
    const seen = latent + habit + scale.noise * random.gauss();
    return GRADES[seen >= scale.aFrom ? 0 : seen >= scale.bFrom ? 1 : 2];
  });
}
