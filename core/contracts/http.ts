import { z } from "zod";
import { GradingAnswer } from "./grading.ts";
import { AgeYears, CycleId, EmbryoId, GradingId } from "./identifiers.ts";

const TimeLapseUpload = z.strictObject({
  // Optional before it has a default: a union is told apart by values, of which a missing one has to be one.
  kind: z.literal("time-lapse").optional().default("time-lapse"),
  /** Wins over the manifest's. */
  ageYears: AgeYears.optional(),
});

/** One picture has no manifest, so that the request says what a manifest would. */
const StillUpload = z.strictObject({
  kind: z.literal("still"),
  embryoId: EmbryoId,
  cycleId: CycleId.optional(),
  ageYears: AgeYears.optional(),
});

/** Body of `POST /v1/uploads`; an empty one is a time-lapse whose manifest says everything. */
export const UploadRequest = z.discriminatedUnion("kind", [TimeLapseUpload, StillUpload], {
  error: ({ code }) => (code === "invalid_union" ? "has to be time-lapse or still" : undefined),
});
export type UploadRequest = z.infer<typeof UploadRequest>;
/** As a client may send it. */
export type UploadOptions = z.input<typeof UploadRequest>;

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
