import { z } from "zod";
import { QualityGroup, StructureGrade } from "./grades.ts";
import {
  AgeYears,
  ArchiveKind,
  ClinicId,
  CycleId,
  EmbryoId,
  GradingId,
  Rejection,
  Sha256,
  Warning,
} from "./identifiers.ts";
import { Focus } from "./prediction.ts";

export const GradingStatus = z.enum(["received", "cropping", "grading", "graded", "rejected"]);
export type GradingStatus = z.infer<typeof GradingStatus>;

/** Which frames the answer rests on. */
export const Sequence = z.object({
  /** A time-lapse is graded by the RNN over its frames, a still by the CNN alone. */
  kind: ArchiveKind.default("time-lapse"),
  framesUsed: z.int().min(1).max(30),
  /** Null of a still, whose time nobody said. */
  firstHpi: z.number().nullable(),
  tMebHpi: z.number().nullable(),
  focalPlanesUm: z.array(z.number()).length(3),
});
export type Sequence = z.infer<typeof Sequence>;

/** What a record keeps of the pregnancy networks' answer. */
const PregnancyScore = z.object({
  /** Sigmoid of the network's logit, 0 to 1: ranks embryos, is no probability. */
  rawScore: z.number().min(0).max(1),
  ageYears: AgeYears,
  /** Where the Grad-CAM map of the logit peaks. */
  focus: Focus,
});
export type PregnancyScore = z.infer<typeof PregnancyScore>;

/** Probability of clinical pregnancy (gestational sac) if this embryo is transferred, by the clinic's calibrator. */
export const PregnancyAnswer = z.object({
  ...PregnancyScore.shape,
  /** Null where no calibrator fits the model that gave the score; a warning says so. */
  probability: z.number().gt(0).lt(1).nullable(),
  /** Of the probability, from the calibration sample: what other samples of that size would have said. */
  interval: z.object({ low: z.number().min(0), high: z.number().max(1), level: z.number() }).nullable(),
  /** The date that the calibrator was fitted on. */
  calibratedOn: z.iso.date().nullable(),
});
export type PregnancyAnswer = z.infer<typeof PregnancyAnswer>;

/** Identity of a record: one per clinic, embryo, archive, age and model. */
export const RecordKey = z.object({
  clinicId: ClinicId,
  embryoId: EmbryoId,
  archiveDigest: Sha256,
  ageYears: z.number().nullable(),
  modelSha256: Sha256,
});
export type RecordKey = z.infer<typeof RecordKey>;

/** The mutable state row of one upload. */
export const Grading = z.object({
  gradingId: GradingId,
  clinicId: ClinicId,
  status: GradingStatus,
  receivedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Age said at the upload; wins over the manifest's. */
  ageYears: z.number().nullable(),
  /** Said at the upload. */
  kind: ArchiveKind.default("time-lapse"),
  /** Version of the uploaded object that is graded; later posts of the same form are ignored. */
  objectVersion: z.string().nullable(),
  /** What was said of a still when its form was asked for; it is that embryo's grading once the picture is there. */
  announced: z.object({ embryoId: EmbryoId, cycleId: CycleId.nullable() }).nullable().default(null),
  embryoId: EmbryoId.nullable(),
  cycleId: CycleId.nullable(),
  archiveDigest: Sha256.nullable(),
  clipSha256: Sha256.nullable(),
  sequence: Sequence.nullable(),
  warnings: z.array(Warning),
  rejection: Rejection.nullable(),
  recordKey: RecordKey.nullable(),
  /** When the model was asked; null before, and once it has answered or has to be asked again. */
  askedAt: z.iso.datetime().nullable().default(null),
  /** How often the sweep has sent it on since it last moved. */
  sweeps: z.int().min(0).default(0),
  /** Why the model's last request came to nothing, where it may be made again, and how many have; the sweep makes it. */
  setback: z
    .object({ ...Rejection.shape, at: z.iso.datetime(), times: z.int().min(1) })
    .nullable()
    .default(null),
});
export type Grading = z.infer<typeof Grading>;

/** Written once, when an embryo is graded, and never changed. */
export const GradingRecord = z.object({
  ...RecordKey.shape,
  /** The grading that first led here. */
  gradingId: GradingId,
  cycleId: CycleId.nullable(),
  icm: StructureGrade,
  te: StructureGrade,
  qualityGroup: QualityGroup,
  sequence: Sequence,
  warnings: z.array(Warning),
  /** Raw: the calibrator belongs to the clinic and changes without a new record. Null without an age, or of older records. */
  pregnancy: PregnancyScore.nullable().default(null),
  clipSha256: Sha256,
  model: z.string(),
  demo: z.boolean(),
  gradedAt: z.iso.datetime(),
});
export type GradingRecord = z.infer<typeof GradingRecord>;

/** What a caller sees: a grading and, once there is one, its record. */
export const GradingAnswer = z.object({
  gradingId: GradingId,
  embryoId: EmbryoId.nullable(),
  clinicId: ClinicId,
  cycleId: CycleId.nullable(),
  status: GradingStatus,
  icm: StructureGrade.nullable(),
  te: StructureGrade.nullable(),
  qualityGroup: QualityGroup.nullable(),
  /** Null without an age, which is never invented, or from a bundle without pregnancy networks; a warning says which. */
  pregnancy: PregnancyAnswer.nullable(),
  sequence: Sequence.nullable(),
  warnings: z.array(Warning),
  rejection: Rejection.nullable(),
  provenance: z
    .object({
      archiveDigest: Sha256,
      clipSha256: Sha256,
      model: z.string(),
      modelSha256: Sha256,
      calibratorSha256: Sha256.nullable(),
      gradedAt: z.iso.datetime(),
    })
    .nullable(),
  /** Present where phantoms trained the weights or fitted the calibrator that answered or, before an answer, will look. */
  notice: z.string().nullable(),
});
export type GradingAnswer = z.infer<typeof GradingAnswer>;
