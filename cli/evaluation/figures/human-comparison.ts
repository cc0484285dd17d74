import { type ByStructure, byStructure, type Measured } from "../measured.ts";
import type { ModelAnswers, Subject } from "../subject.ts";
import { type Confusion, confusionWithAnnotator, confusionWithMajority } from "./confusion.ts";
import { agreementWithHumans, type HumanAgreement } from "./human-agreement.ts";
import type { Resampling } from "./resampling.ts";

/** One way to a grade beside embryologists: Tables 5 and 6, Eq. 4 and 5. */
export interface HumanComparison {
  readonly annotator: ByStructure<Measured<Confusion>>;
  readonly majority: ByStructure<Measured<Confusion>>;
  readonly agreement: ByStructure<Measured<HumanAgreement>>;
}

/** Holds a model's grades to one annotator's label, to the majority, and to each vote of the others. */
export function humanComparison(
  subjects: readonly Subject[],
  answers: ModelAnswers,
  resampling: Resampling,
): HumanComparison {
  return {
    annotator: byStructure((structure) => confusionWithAnnotator(subjects, answers, structure, resampling)),
    majority: byStructure((structure) => confusionWithMajority(subjects, answers, structure, resampling)),
    agreement: byStructure((structure) => agreementWithHumans(subjects, answers, structure, resampling)),
  };
}
