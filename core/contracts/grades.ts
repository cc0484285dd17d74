import { z } from "zod";

/** Gardner grades in the class order of every network, file and message: index 0 is A. */
export const GRADES = ["A", "B", "C"] as const;

export const Grade = z.enum(GRADES);
export type Grade = z.infer<typeof Grade>;

const SUM_TOLERANCE = 1e-4;

/** Three numbers over A, B and C that are each in 0..1 and sum to 1; NaN and infinities do not parse. */
export const GradeDistribution = z
  .object({ A: z.number().min(0).max(1), B: z.number().min(0).max(1), C: z.number().min(0).max(1) })
  .refine((p) => Math.abs(p.A + p.B + p.C - 1) <= SUM_TOLERANCE, { message: "the three values do not sum to 1" });
export type GradeDistribution = z.infer<typeof GradeDistribution>;

/** One structure's grade: the most probable class, the calibrated probabilities, and the network's raw softmax. */
export const StructureGrade = z.object({
  grade: Grade,
  probabilities: GradeDistribution,
  scores: GradeDistribution,
});
export type StructureGrade = z.infer<typeof StructureGrade>;

/** TQB = AA; GQB = AB, BA, BB; PQB = any C. Kragh et al. 2019, section 4.3. */
export const QualityGroup = z.enum(["TQB", "GQB", "PQB"]);
export type QualityGroup = z.infer<typeof QualityGroup>;
