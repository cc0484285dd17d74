import { z } from "zod";
import { GRADES } from "./grades.ts";
import { Sha256 } from "./identifiers.ts";

const Network = z.object({ file: z.string().regex(/^[A-Za-z0-9._-]+$/), sha256: Sha256 });

const share = z.number().min(0).max(1);
const row = z.tuple([share, share, share]);

/** Row = true class, column = class the score is of; columns sum to 1. See `core/grading/grade-calibrator.ts`. */
export const CalibrationMatrix = z
  .tuple([row, row, row])
  .refine((m) => [0, 1, 2].every((k) => Math.abs(m[0][k]! + m[1][k]! + m[2][k]! - 1) < 1e-6), {
    message: "a column does not sum to 1",
  });
export type CalibrationMatrix = z.infer<typeof CalibrationMatrix>;

export const GradeCalibrator = z.object({ icm: CalibrationMatrix, te: CalibrationMatrix });
export type GradeCalibrator = z.infer<typeof GradeCalibrator>;

/** What the networks expect; a bundle that wants another preparation than ours does not load. */
export const Preprocessing = z.object({
  focalPlanesUm: z.tuple([z.literal(-45), z.literal(0), z.literal(45)]),
  cropFraction: z.literal(0.8),
  clipSize: z.literal(224),
  cropperSize: z.literal(64),
  framesAtMost: z.literal(30),
  /** The networks take uint8 and scale it themselves. */
  scaling: z.literal("x / 127.5 - 1, inside the networks"),
});
export type Preprocessing = z.infer<typeof Preprocessing>;

/** Said with everything that a demo bundle had a part in. */
export const DEMO_NOTICE = "demo: the weights were trained on synthetic phantoms; not for clinical use";

/** `manifest.json` of a model bundle. */
export const BundleManifest = z.object({
  schema: z.literal("blastograde/bundle@1"),
  name: z.string().regex(/^[a-z0-9-]{1,64}$/),
  /** True for weights trained on phantoms: every answer, page and report says "not for clinical use". */
  demo: z.boolean(),
  classOrder: z.tuple([z.literal(GRADES[0]), z.literal(GRADES[1]), z.literal(GRADES[2])]),
  preprocessing: Preprocessing,
  networks: z
    .object({
      cropper: Network,
      cnn: Network.extend({ features: z.int().positive() }),
      rnn: Network,
      /** ICM and TE of a still; together with `pregnancy` or not at all. */
      segmenter: Network.optional(),
      /** The pregnancy score of an enhanced image, or of the plain one, and an age. */
      pregnancy: Network.extend({ input: z.enum(["enhanced", "plain"]), architecture: z.string() }).optional(),
    })
    .refine(({ segmenter, pregnancy }) => (segmenter === undefined) === (pregnancy === undefined), {
      message: "segmenter and pregnancy come together or not at all",
    }),
  gradeCalibrator: GradeCalibrator,
  /** Of the CNN's own scores, for stills; a bundle without it grades no stills. */
  stillCalibrator: GradeCalibrator.optional(),
  /** SHA-256 over the canonical JSON of what changes an answer: networks, preprocessing, grade calibrators. */
  modelSha256: Sha256,
  /** Every other file of the folder, by name. */
  files: z.record(z.string().regex(/^[A-Za-z0-9._-]+$/), Sha256),
});
export type BundleManifest = z.infer<typeof BundleManifest>;
