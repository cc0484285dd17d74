import type { GradeCalibrator } from "../../core/contracts/bundle.ts";
import { fitGradeCalibrator } from "../../core/grading/grade-calibrator.ts";
import { byStructure, STRUCTURE_NAMES } from "../evaluation/measured.ts";
import type { EvaluatedDataSet } from "../evaluation/prepared-data-set.ts";
import { votesOf } from "../evaluation/subject.ts";
import { servedPredictions } from "./served-predictions.ts";

/**
 * The grade calibrator that fits the votes on a data set's embryos, by the scores that a bundle serves; the one label
 * stands in where an embryo has no votes.
 *
 * @param bundleDir with any calibrator: scores do not depend on it
 * @param options.asStills the scores of the embryos' stills, which the CNN alone grades
 * @throws Error when no embryo has a vote
 */
export async function fittedCalibrator(
  bundleDir: string,
  validation: EvaluatedDataSet,
  options: { readonly threads: number; readonly asStills?: boolean },
): Promise<GradeCalibrator> {
  const { predictions } = await servedPredictions(bundleDir, validation, options);
  return byStructure((structure) => {
    const cases = validation.embryos.flatMap((embryo) => {
      const prediction = predictions.get(embryo.embryoId);
      const [label, all] = [embryo[structure], votesOf(embryo, structure)];
      const votes = all.length > 0 || label === null ? all : [label];
      return prediction === undefined || votes.length === 0 ? [] : [{ scores: prediction[structure].scores, votes }];
    });
    if (cases.length === 0) {
      throw new Error(`No embryo of ${validation.dir} has a ${STRUCTURE_NAMES[structure]} grade to calibrate on.`);
    }
    return fitGradeCalibrator(cases);
  });
}
