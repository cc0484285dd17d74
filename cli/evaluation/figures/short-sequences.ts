import type { Prediction } from "../../../core/contracts/prediction.ts";
import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { accuracy } from "../../../core/statistics/grade-statistics.ts";
import { type ByStructure, byStructure, type Measured, notMeasurable } from "../measured.ts";
import { servedAnswers } from "../served-answers.ts";
import { judged, type Subject } from "../subject.ts";
import { interval, type Resampling } from "./resampling.ts";

/** The lengths that are tried beside the whole sequence. */
export const SHORTENED_TO = [1, 5, 10, 20] as const;

/** Accuracy on the last frames of each clip alone, as from an archive that begins late. */
export interface FramesFigures {
  readonly frames: number;
  readonly accuracy: ByStructure<Measured<Interval>>;
}

/** Accuracy of the served way on sequences of at most `frames` frames. */
export function framesFigures(
  frames: number,
  subjects: readonly Subject[],
  served: ReadonlyMap<string, Prediction>,
  resampling: Resampling,
): FramesFigures {
  const answers = servedAnswers(served);
  return {
    frames,
    accuracy: byStructure((structure) => {
      const embryos = judged(subjects, answers, structure);
      return embryos.length === 0
        ? notMeasurable("no embryo with a label and an answer")
        : interval(embryos, accuracy, resampling);
    }),
  };
}
