import { z } from "zod";
import { GRADES, GradeDistribution } from "./grades.ts";
import { Sha256 } from "./identifiers.ts";

/** One structure as the container answers it: softmax scores and the bundle's grade calibrator applied to them. */
export const StructurePrediction = z.object({ scores: GradeDistribution, probabilities: GradeDistribution });
export type StructurePrediction = z.infer<typeof StructurePrediction>;

/** Answer of `POST /invocations`. NaN or a sum off 1 does not parse. */
export const Prediction = z.object({
  schema: z.literal("blastograde/prediction@1"),
  classOrder: z.tuple([z.literal(GRADES[0]), z.literal(GRADES[1]), z.literal(GRADES[2])]),
  model: z.string().min(1),
  modelSha256: Sha256,
  /** The bundle's own word: trained on phantoms, not for clinical use. */
  demo: z.boolean(),
  clipSha256: Sha256,
  framesUsed: z.int().min(1).max(30),
  icm: StructurePrediction,
  te: StructurePrediction,
});
export type Prediction = z.infer<typeof Prediction>;
