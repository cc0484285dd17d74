import type { Grade } from "../../../core/contracts/grades.ts";
import { countsForAgreement, humanAgreement, networkAgreement } from "../../../core/statistics/annotator-agreement.ts";
import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { mean } from "../../../core/statistics/grade-statistics.ts";
import { type Measured, notMeasurable, type Structure } from "../measured.ts";
import { gradeBy, type ModelAnswers, type Subject, votesOf } from "../subject.ts";
import { interval, type Resampling } from "./resampling.ts";

/** Annotators against annotators (Eq. 4) and the network against annotators (Eq. 5), on the same embryos. */
export interface HumanAgreement {
  readonly embryos: number;
  /** Fewest and most votes on one embryo. */
  readonly votes: readonly [number, number];
  readonly human: Interval;
  readonly network: Interval;
  /** Network minus human, paired; above 0 the network agrees with the majority more often than an annotator does. */
  readonly difference: Interval;
}

/**
 * Eq. 4 and 5 over the embryos that at least two annotators and the network graded.
 *
 * Both are means over the embryos, so that each embryo's own share is what is resampled.
 *
 * @see Kragh et al. 2019, section 4.1.1
 */
export function agreementWithHumans(
  subjects: readonly Subject[],
  answers: ModelAnswers,
  structure: Structure,
  resampling: Resampling,
): Measured<HumanAgreement> {
  const embryos = subjects.flatMap((subject) => {
    const votes = votesOf(subject, structure);
    const predicted = gradeBy(answers, subject.embryoId, structure);
    if (!countsForAgreement(votes) || predicted === null) return [];
    return [{ cycleId: subject.cycleId, votes: votes.length, ...sharesOf(votes, predicted) }];
  });
  if (embryos.length === 0) return notMeasurable("no embryo was graded by two annotators or more");
  const counts = embryos.map(({ votes }) => votes);
  return {
    embryos: embryos.length,
    votes: [Math.min(...counts), Math.max(...counts)],
    human: interval(embryos, (cases) => mean(cases.map(({ human }) => human)), resampling),
    network: interval(embryos, (cases) => mean(cases.map(({ network }) => network)), resampling),
    difference: interval(embryos, (cases) => mean(cases.map(({ human, network }) => network - human)), resampling),
  };
}

/** One embryo's summands of Eq. 4 and 5. */
function sharesOf(votes: readonly Grade[], predicted: Grade): { human: number; network: number } {
  return { human: humanAgreement([votes]), network: networkAgreement([votes], [predicted]) };
}
