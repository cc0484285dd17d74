import { z } from "zod";
import { Sha256 } from "./identifiers.ts";

/** What the network says of an embryo; no probability before it is calibrated. */
const RawScore = z.number().min(0).max(1);
/** A calibrator never rules a pregnancy out and never takes it for certain. */
const Probability = z.number().gt(0).lt(1);

const ascend = (values: readonly number[]) => values.every((value, n) => n === 0 || value > values[n - 1]!);
const neverFall = (values: readonly number[]) => values.every((value, n) => n === 0 || value >= values[n - 1]!);

const IsotonicMap = z.object({
  knots: z
    .array(z.object({ score: RawScore, probability: Probability }))
    .min(1)
    .refine((knots) => ascend(knots.map(({ score }) => score)), "scores do not ascend")
    .refine((knots) => neverFall(knots.map(({ probability }) => probability)), "probabilities fall")
    .readonly(),
});

const PlattMap = z.object({ intercept: z.number(), slope: z.number().min(0) });

const CalibrationInterval = z.object({
  level: z.literal(0.95),
  points: z
    .array(
      z
        .object({ score: RawScore, low: Probability, high: Probability })
        .refine(({ low, high }) => low <= high, "low is above high"),
    )
    .min(1)
    .refine((points) => ascend(points.map(({ score }) => score)), "scores do not ascend")
    .refine((points) => neverFall(points.map(({ low }) => low)), "lower bounds fall")
    .refine((points) => neverFall(points.map(({ high }) => high)), "upper bounds fall")
    .readonly(),
});

const CalibrationSample = z
  .object({
    cases: z.int().min(2),
    positives: z.int().min(1),
    cycles: z.int().min(1),
    /** Whose embryos, in a sentence or two. */
    description: z.string().min(1).max(500),
  })
  .refine(({ cases, positives }) => positives < cases, "there are no negatives")
  .refine(({ cases, cycles }) => cycles <= cases, "there are more cycles than cases");

const Common = z.object({
  schema: z.literal("blastograde/pregnancy-calibrator@1"),
  /** The only model whose raw scores it reads. */
  modelSha256: Sha256,
  /** Fitted to phantoms: every answer and report says "not for clinical use". */
  demo: z.boolean(),
  fittedOn: z.iso.date(),
  outcome: z.literal("clinical pregnancy (gestational sac)"),
  sample: CalibrationSample,
  /** Of the calibrated probability, by raw score; straight between points, level beyond them. */
  interval: CalibrationInterval,
});

/**
 * The file beside a model bundle that turns a clinic's raw scores into probabilities. What it cannot mean does not parse: a
 * map or a bound that falls, a probability of 0 or 1.
 */
export const PregnancyCalibrator = z.discriminatedUnion("method", [
  Common.extend({ method: z.literal("isotonic"), map: IsotonicMap }),
  Common.extend({ method: z.literal("platt"), map: PlattMap }),
]);
export type PregnancyCalibrator = z.infer<typeof PregnancyCalibrator>;
