import { z } from "zod";
import { AgeYears, ArchiveKind, Sha256 } from "./identifiers.ts";

/** Side of a clip's pictures in pixels. Kragh et al. 2019, appendix. */
export const CLIP_SIZE = 224;
/** Longest sequence the RNN takes. Kragh et al. 2019, section 2.3. */
export const FRAMES_AT_MOST = 30;
/** The three focal planes in the order of the channels, in micrometres. Kragh et al. 2019, section 2.1. */
export const FOCAL_PLANES_UM = [-45, 0, 45] as const;

/** What a clip says of itself. The grading id is not in it: same archive, cropper and age give the same bytes. */
export const ClipMeta = z.strictObject({
  schema: z.literal("blastograde/clip@1"),
  archiveDigest: Sha256,
  cropperSha256: Sha256,
  ageYears: AgeYears.nullable(),
  /** A still is a clip of one frame, with the picture as all three planes and an hpi of 0 that means nothing. */
  kind: ArchiveKind.default("time-lapse"),
});
export type ClipMeta = z.infer<typeof ClipMeta>;

/** The cropped, selected sequence a model sees. */
export interface Clip {
  /** uint8 [T, 3, 224, 224], T in 1..30, chronological; channels are {@link FOCAL_PLANES_UM}. */
  readonly frames: Uint8Array;
  /** float32 [T], hours post insemination. */
  readonly hpi: Float32Array;
  readonly meta: ClipMeta;
}
