import { z } from "zod";
import { CycleId, EmbryoId, Sha256, Warning } from "./identifiers.ts";

/** Name of the manifest inside the archive. */
export const MANIFEST_FILE = "manifest.json";

const FramesAtMost = 100_000;

/** One picture: one time, one focal plane. `hpi` in hours post insemination, `focalPlaneUm` in micrometres. */
export const Frame = z.object({
  file: z.string().min(1).max(1024),
  hpi: z.number().min(0).max(400),
  focalPlaneUm: z.number().min(-500).max(500),
});
export type Frame = z.infer<typeof Frame>;

/** `manifest.json` of an archive of kind `time-lapse`. Unknown keys are ignored: instruments add their own. */
export const TimeLapseManifest = z.object({
  schema: z.literal("blastograde/time-lapse@1"),
  embryoId: EmbryoId,
  cycleId: CycleId.optional(),
  instrument: z.string().max(128).optional(),
  /** Range-checked by the ingest station, which has a code of its own for it. */
  ageYears: z.number().optional(),
  frames: z.array(Frame).min(1).max(FramesAtMost),
});
export type TimeLapseManifest = z.infer<typeof TimeLapseManifest>;

/** What ingest hands to crop: a validated archive, frames in order of time, then of focal plane. */
export const TimeLapse = z.object({
  schema: z.literal("blastograde/ingested-time-lapse@1"),
  archiveKey: z.string(),
  archiveVersion: z.string(),
  archiveDigest: Sha256,
  embryoId: EmbryoId,
  cycleId: CycleId.nullable(),
  ageYears: z.number().nullable(),
  frames: z.array(Frame).min(1),
  warnings: z.array(Warning),
});
export type TimeLapse = z.infer<typeof TimeLapse>;
