import type { Grade, QualityGroup } from "../../../core/contracts/grades.ts";
import { qualityGroup } from "../../../core/grading/grade-decoding.ts";
import type { Interval } from "../../../core/statistics/bootstrap.ts";
import {
  areaUnderCurve,
  compareAreas,
  type RocPoint,
  rocCurve,
  type ScoredCase,
} from "../../../core/statistics/roc.ts";
import { type Measured, notMeasurable } from "../measured.ts";
import { gradeBy, type ModelAnswers, type Subject } from "../subject.ts";
import { interval, type Resampling } from "./resampling.ts";

/** Better groups score higher: the threshold falls from TQB to PQB. */
const SCORE_OF_GROUP: Readonly<Record<QualityGroup, number>> = { TQB: 2, GQB: 1, PQB: 0 };

/** Figure 5 of one of the two who grade. */
export interface OutcomeCurve {
  /** Area under the curve, 0 to 1, and its bootstrap interval. */
  readonly auc: Interval;
  readonly curve: readonly Pick<RocPoint, "falsePositiveRate" | "truePositiveRate">[];
}

export interface OutcomeFigures {
  readonly embryos: number;
  /** With a clinical pregnancy, as the data set means it. */
  readonly positives: number;
  readonly network: OutcomeCurve;
  readonly embryologist: OutcomeCurve;
  /** DeLong's test of the two areas on the same embryos, two-sided. */
  readonly deLong: Measured<{ readonly z: number; readonly p: number }>;
}

interface TransferredEmbryo {
  readonly cycleId: string;
  readonly positive: boolean;
  readonly network: number;
  readonly embryologist: number;
}

/**
 * How well the quality groups of the network and of the embryologist go along with a clinical pregnancy, on the embryos whose
 * outcome is known and that both graded.
 *
 * @see Kragh et al. 2019, section 4.3 and Figure 5
 */
export function outcomeFigures(
  subjects: readonly Subject[],
  answers: ModelAnswers,
  resampling: Resampling,
): Measured<OutcomeFigures> {
  const known = subjects.filter(({ outcome }) => outcome !== null);
  if (known.length === 0) return notMeasurable("no embryo's outcome is known");
  const embryos = known.flatMap((subject): TransferredEmbryo[] => {
    const { cycleId, embryoId, icm, te, outcome } = subject;
    const network = groupScore(gradeBy(answers, embryoId, "icm"), gradeBy(answers, embryoId, "te"));
    const embryologist = groupScore(icm, te);
    if (network === null || embryologist === null) return [];
    return [{ cycleId, positive: outcome === 1, network, embryologist }];
  });
  const positives = embryos.filter(({ positive }) => positive).length;
  if (embryos.length === 0) return notMeasurable("no embryo with a known outcome has both labels and an answer");
  if (positives === 0) return notMeasurable(`none of the ${embryos.length} embryos came to a pregnancy`);
  if (positives === embryos.length) return notMeasurable(`all ${embryos.length} embryos came to a pregnancy`);
  const { z, p } = compareAreas(
    embryos.map(({ network, embryologist, positive }) => ({ first: network, second: embryologist, positive })),
  );
  return {
    embryos: embryos.length,
    positives,
    network: outcomeCurve(embryos, "network", resampling),
    embryologist: outcomeCurve(embryos, "embryologist", resampling),
    deLong:
      Number.isFinite(z) && Number.isFinite(p)
        ? { z, p }
        : notMeasurable("it wants two embryos or more of each outcome, and areas that vary"),
  };
}

function groupScore(icm: Grade | null, te: Grade | null): number | null {
  return icm === null || te === null ? null : SCORE_OF_GROUP[qualityGroup(icm, te)];
}

function outcomeCurve(
  embryos: readonly TransferredEmbryo[],
  by: "network" | "embryologist",
  resampling: Resampling,
): OutcomeCurve {
  const scored = (cases: readonly TransferredEmbryo[]): ScoredCase[] =>
    cases.map((embryo) => ({ score: embryo[by], positive: embryo.positive }));
  return {
    auc: interval(embryos, (cases) => areaUnderCurve(scored(cases)).area, resampling),
    curve: rocCurve(scored(embryos)).map(({ falsePositiveRate, truePositiveRate }) => ({
      falsePositiveRate,
      truePositiveRate,
    })),
  };
}
