import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { BundleManifest } from "../../core/contracts/bundle.ts";
import { canonicalJson } from "./canonical-json.ts";

/**
 * Digest of what changes an answer: the networks' bytes, what the pregnancy network takes and is (which places its map), the preprocessing, the grade
 * calibrators and the class order. A bundle without the parts that came later keeps the digest it had before they came.
 *
 * Not the card, the metrics, the golden outputs or any file's name: a better description is not another model.
 *
 * @returns SHA-256 over the canonical JSON, lower-case hexadecimal
 */
export function modelDigest(
  model: Pick<BundleManifest, "networks" | "preprocessing" | "gradeCalibrator" | "stillCalibrator" | "classOrder">,
): string {
  const { cropper, cnn, rnn, segmenter, pregnancy } = model.networks;
  const answers = {
    networks: {
      cropper: cropper.sha256,
      cnn: cnn.sha256,
      rnn: rnn.sha256,
      ...(segmenter && { segmenter: segmenter.sha256 }),
      ...(pregnancy && {
        pregnancy: { sha256: pregnancy.sha256, input: pregnancy.input, architecture: pregnancy.architecture },
      }),
    },
    preprocessing: model.preprocessing,
    gradeCalibrator: model.gradeCalibrator,
    ...(model.stillCalibrator && { stillCalibrator: model.stillCalibrator }),
    classOrder: model.classOrder,
  };
  return createHash("sha256").update(canonicalJson(answers)).digest("hex");
}

/** SHA-256 of a file of any size, lower-case hexadecimal. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
