import { GRADES, type Grade } from "../core/contracts/grades.ts";
import type { RandomStream } from "./random.ts";

/** How one annotator grades one structure; shifts in units of the latent quality. */
interface Habit {
  /** Added to the quality from which the scale's A begins; positive is strict. */
  readonly a: number;
  /** Added to the quality from which the scale's B begins. */
  readonly b: number;
}

interface Annotator {
  readonly clinic: ClinicName;
  /** Judges this many times as noisily as the scale says, of both structures. */
  readonly unsteadiness: number;
  readonly icm: Habit;
  readonly te: Habit;
}

/** Where a latent quality turns into the next better grade on average over the annotators, and how far judgements scatter. */
interface Scale {
  readonly structure: "icm" | "te";
  readonly bFrom: number;
  readonly aFrom: number;
  /** Standard deviation of one judgement of an annotator of unsteadiness 1, in latent units. */
  readonly noise: number;
}

/** Where embryos are grown and annotated; clinic names are ids too. */
export const CLINICS = ["clinic-1", "clinic-2", "clinic-3", "clinic-4"] as const;
export type ClinicName = (typeof CLINICS)[number];

// Colleagues lean to the same side, so that clinics differ, and each annotator is strict or lenient by structure. Shifts
// sum to about zero over the annotators. Steady and unsteady annotators work in every clinic.
const ANNOTATORS: readonly Annotator[] = [
  { clinic: "clinic-1", unsteadiness: 0.85, icm: { a: 0.09, b: 0.03 }, te: { a: 0.05, b: 0.02 } },
  { clinic: "clinic-1", unsteadiness: 1.1, icm: { a: 0.02, b: 0.05 }, te: { a: 0.04, b: -0.03 } },
  { clinic: "clinic-1", unsteadiness: 1, icm: { a: 0.05, b: -0.02 }, te: { a: -0.01, b: 0.03 } },
  { clinic: "clinic-2", unsteadiness: 0.7, icm: { a: -0.03, b: -0.01 }, te: { a: -0.05, b: -0.02 } },
  { clinic: "clinic-2", unsteadiness: 1.3, icm: { a: -0.1, b: -0.05 }, te: { a: 0.02, b: -0.04 } },
  { clinic: "clinic-2", unsteadiness: 0.95, icm: { a: -0.06, b: 0.02 }, te: { a: -0.06, b: 0.01 } },
  { clinic: "clinic-3", unsteadiness: 0.9, icm: { a: 0, b: 0.04 }, te: { a: 0.03, b: 0.05 } },
  { clinic: "clinic-3", unsteadiness: 1.2, icm: { a: 0.07, b: -0.03 }, te: { a: -0.03, b: 0.02 } },
  { clinic: "clinic-3", unsteadiness: 0.8, icm: { a: -0.04, b: 0 }, te: { a: 0.01, b: 0.01 } },
  { clinic: "clinic-4", unsteadiness: 1.05, icm: { a: 0.04, b: 0.02 }, te: { a: -0.02, b: -0.01 } },
  { clinic: "clinic-4", unsteadiness: 0.95, icm: { a: -0.04, b: -0.05 }, te: { a: 0.02, b: -0.04 } },
];

// The target, from Kragh et al. 2019, sections 3 and 4.1.1: A, B and C in 47/40/13 (ICM) and 43/40/17 (TE) of 100 votes,
// and an annotator who agrees with the majority of the others on 65 (ICM) and 74 (TE) embryos in 100.
export const ICM_SCALE: Scale = { structure: "icm", bFrom: 0.049, aFrom: 0.535, noise: 0.252 };
export const TE_SCALE: Scale = { structure: "te", bFrom: 0.154, aFrom: 0.576, noise: 0.153 };

/**
 * What eleven annotators would say of a quality in 0..1, each by thresholds and steadiness of their own; the place in the
 * answer tells who it was, the same one for both structures and all embryos.
 */
export function votesFor(latent: number, scale: Scale, random: RandomStream): Grade[] {
  return ANNOTATORS.map((annotator) => {
    const habit = annotator[scale.structure];
    const seen = latent + scale.noise * annotator.unsteadiness * misjudgement(random);
    return GRADES[seen >= scale.aFrom + habit.a ? 0 : seen >= scale.bFrom + habit.b ? 1 : 2];
  });
}

/**
 * The one annotator of a clinic whose word is the training label of an embryo grown there, drawn evenly from its staff.
 *
 * @returns place in the answer of {@link votesFor}
 */
export function annotatorAt(clinicId: ClinicName, random: RandomStream): number {
  const staff = ANNOTATORS.flatMap(({ clinic }, place) => (clinic === clinicId ? [place] : []));
  return staff[random.whole(0, staff.length - 1)]!;
}

/** Mean 0, standard deviation 1, never beyond 2.45: nobody is so wrong that grades A and C of one embryo are common. */
function misjudgement(random: RandomStream): number {
  return (random.next() + random.next() - 1) * Math.sqrt(6);
}
