import { z } from "zod";
import { CycleId, EmbryoId, Sha256 } from "./identifiers.ts";
import { TimeLapse } from "./time-lapse.ts";

/** Largest upload of a still in bytes: 4096 x 4096 pixels of 16-bit colour, uncompressed, and room for a header. */
export const STILL_BYTES_AT_MOST = 128 * 1024 ** 2;

/** What ingest hands to crop of a still: the uploaded object is the picture, and nobody has looked into it yet. */
export const IngestedStill = z.object({
  schema: z.literal("blastograde/ingested-still@1"),
  archiveKey: z.string(),
  archiveVersion: z.string(),
  /** Of the file's bytes: a still has no manifest that could name its content. */
  archiveDigest: Sha256,
  embryoId: EmbryoId,
  cycleId: CycleId.nullable(),
  ageYears: z.number().nullable(),
});
export type IngestedStill = z.infer<typeof IngestedStill>;

/** What ingest hands to crop, of either kind. */
export const IngestedUpload = z.discriminatedUnion("schema", [TimeLapse, IngestedStill]);
export type IngestedUpload = z.infer<typeof IngestedUpload>;
