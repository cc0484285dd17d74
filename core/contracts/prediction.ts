import { z } from "zod";
import { GRADES, GradeDistribution } from "./grades.ts";
import { AgeYears, Sha256, Warning } from "./identifiers.ts";

/** One structure as the container answers it: softmax scores and the bundle's grade calibrator applied to them. */
export const StructurePrediction = z.object({ scores: GradeDistribution, probabilities: GradeDistribution });
export type StructurePrediction = z.infer<typeof StructurePrediction>;

/** Where a Grad-CAM map peaks; `none` where it is zero everywhere. Kim et al. 2024, Table 3. */
export const Focus = z.enum(["icm", "te", "other", "none"]);
export type Focus = z.infer<typeof Focus>;

/** Side of the Grad-CAM map: the last convolution's of every network at 224 x 224. */
export const ATTENTION_SIZE = 7;

/** What the pregnancy networks say of the last frame's centre plane, which is a time-lapse's tMEB. */
export const PregnancyPrediction = z.object({
  rawScore: z.number().min(0).max(1),
  ageYears: AgeYears,
  focus: Focus,
  /** Grad-CAM of the logit, [7, 7] row by row, from 0 on. */
  attention: z.array(z.number().min(0)).length(ATTENTION_SIZE ** 2),
  /** Where its first cell looks from, along either side, in pixels of the still; the others follow every 32. */
  firstCellPx: z.number().min(0).max(31),
  /** Masks of the 224 x 224 still as lengths of runs, row by row, beginning with a run outside (which may be 0). */
  masks: z.object({ icm: z.array(z.int().min(0)), te: z.array(z.int().min(0)) }),
});
export type PregnancyPrediction = z.infer<typeof PregnancyPrediction>;

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
  /** Null without an age in the clip, or from a bundle without pregnancy networks. */
  pregnancy: PregnancyPrediction.nullable().default(null),
  /** Remarks on what the networks saw, such as an empty mask. */
  warnings: z.array(Warning).default([]),
});
export type Prediction = z.infer<typeof Prediction>;
