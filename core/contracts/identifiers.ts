import { z } from "zod";

const token = /^[A-Za-z0-9-]{1,64}$/;

/** Also the inference id of the endpoint, whose alphabet and length it has to keep. */
export const GradingId = z.string().regex(token, "1 to 64 of A-Z, a-z, 0-9 and -");
export type GradingId = z.infer<typeof GradingId>;

/** The tenant. */
export const ClinicId = z.string().regex(token, "1 to 64 of A-Z, a-z, 0-9 and -");
export type ClinicId = z.infer<typeof ClinicId>;

/** Clinic of the gradings that a deployment makes: no clinic's, since it has no row and no record. */
export const SMOKE_CLINIC = "smoke-test";

const clinicsOwnName = z
  .string()
  .min(1)
  .max(128)
  // Not `regex`: OpenAPI has no flags for a pattern, and a wrong one would be published.
  .refine((name) => !/\p{Cc}/u.test(name) && name.isWellFormed(), { message: "no control characters" })
  .refine((name) => name.trim() === name, { message: "no blank at either end" });

/** The clinic's own name of an embryo; unique within the clinic, not beyond. */
export const EmbryoId = clinicsOwnName;
/** The clinic's own name of a treatment. */
export const CycleId = clinicsOwnName;

/** SHA-256, lower-case hexadecimal. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 in lower-case hexadecimal");

export const AGE_YEARS_RANGE = { min: 18, max: 55 } as const;
const yearsInRange = `has to be a number of years from ${AGE_YEARS_RANGE.min} to ${AGE_YEARS_RANGE.max}`;
/** Years of the woman whose egg it was; the models know 18 to 55. */
export const AgeYears = z
  .number(yearsInRange)
  .min(AGE_YEARS_RANGE.min, yearsInRange)
  .max(AGE_YEARS_RANGE.max, yearsInRange);

/** What is uploaded: the archive of an embryo's time-lapse, or one picture of a day-5 blastocyst. */
export const ArchiveKind = z.enum(["time-lapse", "still"]);
export type ArchiveKind = z.infer<typeof ArchiveKind>;

/** A remark that does not stop the grading. */
export const Warning = z.object({ code: z.string(), detail: z.string() });
export type Warning = z.infer<typeof Warning>;

/** Why an upload has no grades, and what the clinic can do. */
export const Rejection = z.object({ code: z.string(), detail: z.string() });
export type Rejection = z.infer<typeof Rejection>;
