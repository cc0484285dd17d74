import { GRADES, type Grade } from "../../../core/contracts/grades.ts";
import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { mean } from "../../../core/statistics/grade-statistics.ts";
import { median } from "../../../core/statistics/median.ts";
import { interval, type Resampling } from "../../evaluation/figures/resampling.ts";
import {
  type ByStructure,
  byStructure,
  type Measured,
  notMeasurable,
  STRUCTURE_NAMES,
  type Structure,
} from "../../evaluation/measured.ts";
import type { SegmentedEmbryo } from "../scoring.ts";

/** How well a tissue is found in held-out embryos that show it. */
export interface TissueFigures {
  readonly embryos: number;
  /** Means over the embryos, 0 to 1; a tissue that was not found has 0. */
  readonly dice: Interval;
  readonly jaccard: Interval;
  readonly medianDice: number;
  /** Embryos in which none of it was found. */
  readonly notFound: number;
  /** Embryos that truly show none of it; they are in no mean. */
  readonly without: number;
  /** Of these, in which some was found. */
  readonly falselyFound: number;
  /** By one annotator's grade of the tissue. */
  readonly byGrade: readonly GradeFigures[];
}

export interface GradeFigures {
  readonly grade: Grade;
  readonly embryos: number;
  readonly dice: Measured<Interval>;
}

export type SegmentationFigures = ByStructure<Measured<TissueFigures>>;

export function segmentationFigures(embryos: readonly SegmentedEmbryo[], resampling: Resampling): SegmentationFigures {
  return byStructure((tissue) => tissueFigures(embryos, tissue, resampling));
}

function tissueFigures(
  embryos: readonly SegmentedEmbryo[],
  tissue: Structure,
  resampling: Resampling,
): Measured<TissueFigures> {
  const showing = embryos.flatMap(({ cycleId, grade, overlap }) => {
    const { dice, found } = overlap[tissue];
    return dice === null ? [] : [{ cycleId, grade: grade[tissue], dice, found }];
  });
  const without = embryos.filter(({ overlap }) => overlap[tissue].dice === null);
  if (showing.length === 0) return notMeasurable(`no held-out embryo shows any ${STRUCTURE_NAMES[tissue]}`);
  const meanDice = (some: readonly { readonly dice: number }[]) => mean(some.map(({ dice }) => dice));
  return {
    embryos: showing.length,
    dice: interval(showing, meanDice, resampling),
    jaccard: interval(showing, (some) => mean(some.map(({ dice }) => dice / (2 - dice))), resampling),
    medianDice: median(showing.map(({ dice }) => dice)),
    notFound: showing.filter(({ found }) => !found).length,
    without: without.length,
    falselyFound: without.filter(({ overlap }) => overlap[tissue].found).length,
    byGrade: GRADES.map((grade) => {
      const graded = showing.filter((one) => one.grade === grade);
      return {
        grade,
        embryos: graded.length,
        dice: graded.length === 0 ? notMeasurable("no embryo has this grade") : interval(graded, meanDice, resampling),
      };
    }),
  };
}
