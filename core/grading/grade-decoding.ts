import {
  GRADES,
  type Grade,
  type GradeDistribution,
  type QualityGroup,
  type StructureGrade,
} from "../contracts/grades.ts";
import type { StructurePrediction } from "../contracts/prediction.ts";

/** The most probable grade; of equally probable ones the better, as a tied vote goes to the better grade. */
export function mostProbableGrade(distribution: GradeDistribution): Grade {
  return GRADES.reduce((best, grade) => (distribution[grade] > distribution[best] ? grade : best));
}

/** One structure's answer from the container's scores and probabilities. */
export function structureGrade({ scores, probabilities }: StructurePrediction): StructureGrade {
  return { grade: mostProbableGrade(probabilities), probabilities, scores };
}

/** Position on the paper's linear scale: C = 0, B = 1, A = 2. Kragh et al. 2019, section 4.1. */
export function gradePosition(grade: Grade): 0 | 1 | 2 {
  return grade === "A" ? 2 : grade === "B" ? 1 : 0;
}

/** Mean position on the paper's linear scale, 0 to 2. */
export function expectedPosition(distribution: GradeDistribution): number {
  return 2 * distribution.A + distribution.B;
}

/** TQB = AA; GQB = AB, BA, BB; PQB = any C. Kragh et al. 2019, section 4.3. */
export function qualityGroup(icmGrade: Grade, teGrade: Grade): QualityGroup {
  if (icmGrade === "C" || teGrade === "C") return "PQB";
  return icmGrade === "A" && teGrade === "A" ? "TQB" : "GQB";
}
