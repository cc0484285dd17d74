import { z } from "zod";
import { GradingAnswer } from "./grading.ts";
import { AgeYears, GradingId } from "./identifiers.ts";

/** Body of `POST /v1/uploads`; an empty one is a time-lapse whose manifest says everything. */
export const UploadRequest = z.strictObject({
  kind: z.literal("time-lapse").default("time-lapse"),
  /** Wins over the manifest's. */
  ageYears: AgeYears.optional(),
});
export type UploadRequest = z.infer<typeof UploadRequest>;

/** How to send the archive: one multipart POST of `fields`, then the file in a field named `file`. */
export const UploadTicket = z.object({
  uploadId: GradingId,
  gradingId: GradingId,
  url: z.url(),
  fields: z.record(z.string(), z.string()),
  expiresAt: z.iso.datetime(),
});
export type UploadTicket = z.infer<typeof UploadTicket>;

/** An answer with its embryo's rank in its cycle; null without a cycle, and without grades. */
const RankedAnswer = GradingAnswer.extend({ rank: z.int().positive().nullable() });
export type RankedAnswer = z.infer<typeof RankedAnswer>;

/** One page of a clinic's embryos. */
export const EmbryoPage = z.object({
  embryos: z.array(RankedAnswer),
  /** Give it as `cursor` to get the next page; null on the last. */
  nextCursor: z.string().nullable(),
});
export type EmbryoPage = z.infer<typeof EmbryoPage>;

/** The embryos of one cycle, best first. */
export const Cohort = z.object({
  cycleId: z.string(),
  embryos: z.array(RankedAnswer),
});
export type Cohort = z.infer<typeof Cohort>;

/** RFC 9457 problem details, with our code and whether trying again helps. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  retryable: z.boolean(),
});
export type Problem = z.infer<typeof Problem>;
