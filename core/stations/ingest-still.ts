import type { Grading } from "../contracts/grading.ts";
import { IngestedStill, STILL_BYTES_AT_MOST } from "../contracts/still.ts";
import { ImageTooLarge, WrongKind } from "../errors.ts";
import { isZip } from "../file-beginnings.ts";
import type { GradingStore, RandomAccess } from "../ports.ts";
import { sha256Hex } from "../sha256.ts";

/**
 * What can be said of a still without decoding it; the crop station looks into it. Its digest is SHA-256 over the file's
 * bytes: the same picture in another format, or saved again, is another still.
 *
 * @param stored the uploaded object, and its key and version
 * @throws ImageTooLarge; WrongKind
 */
export async function ingestStill(
  grading: Grading,
  picture: RandomAccess,
  stored: { readonly key: string; readonly version: string },
  ports: { readonly gradings: GradingStore },
): Promise<IngestedStill> {
  // Rows of before have it where it is shown.
  const { embryoId, cycleId } = grading.announced ?? grading;
  // Before anything is checked, so that a rejection is shown beside its embryo.
  await ports.gradings.change(grading.gradingId, ["received"], { embryoId, cycleId });
  if (picture.size > STILL_BYTES_AT_MOST) {
    throw new ImageTooLarge(
      `The file has ${picture.size} bytes; a still has at most ${STILL_BYTES_AT_MOST}. Export the picture in the camera's own size.`,
    );
  }
  const bytes = await picture.read(0, picture.size);
  if (isZip(bytes)) {
    throw new WrongKind(
      "The upload is a zip where a still was announced. Upload a zip of frames with the kind time-lapse, or the picture itself.",
    );
  }
  return IngestedStill.parse({
    schema: "blastograde/ingested-still@1",
    archiveKey: stored.key,
    archiveVersion: stored.version,
    archiveDigest: await sha256Hex(bytes),
    embryoId,
    cycleId,
    ageYears: grading.ageYears,
  });
}
