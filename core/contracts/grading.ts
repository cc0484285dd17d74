import { z } from "zod";
import { QualityGroup, StructureGrade } from "./grades.ts";
import { ClinicId, CycleId, EmbryoId, GradingId, Rejection, Sha256, Warning } from "./identifiers.ts";

export const GradingStatus = z.enum(["received", "cropping", "grading", "graded", "rejected"]);
export type GradingStatus = z.infer<typeof GradingStatus>;

/** Which frames the answer rests on. */
export const Sequence = z.object({
  framesUsed: z.int().min(1).max(30),
  firstHpi: z.number(),
  tMebHpi: z.number(),
  focalPlanesUm: z.array(z.number()).length(3),
});
export type Sequence = z.infer<typeof Sequence>;

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
  /** Version of the uploaded object that is graded; later posts of the same form are ignored. */
  objectVersion: z.string().nullable(),
  embryoId: EmbryoId.nullable(),
  cycleId: CycleId.nullable(),
  archiveDigest: Sha256.nullable(),
  clipSha256: Sha256.nullable(),
  sequence: Sequence.nullable(),
  warnings: z.array(Warning),
  rejection: Rejection.nullable(),
  recordKey: RecordKey.nullable(),
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
  /** Always null for now: the pregnancy networks are not built yet. */
  pregnancy: z.null(),
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
  /** Present where weights trained on phantoms gave the grades or, without any, looked at the pictures. */
  notice: z.string().nullable(),
});
export type GradingAnswer = z.infer<typeof GradingAnswer>;
