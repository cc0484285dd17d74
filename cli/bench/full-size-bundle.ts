import { existsSync } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import type { CalibrationMatrix } from "../../core/contracts/bundle.ts";
import { CLIP_SIZE, FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import { loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { sealBundle } from "../../model-container/bundle/seal-bundle.ts";
import { DEMO_BUNDLE } from "./bundles.ts";
import { outputOf } from "./output-of.ts";

export const TRAINING = join(import.meta.dirname, "../../model-container/training");
const XCEPTION_FEATURES = 2048;

/** The networks of every branch at full width with random weights as ONNX, and cnn.pt and rnn.pt of the same; made once. */
export async function randomWeights(folder: string, python: string): Promise<string> {
  const script = join(TRAINING, "export.py");
  if (!existsSync(join(folder, "pregnancy.onnx"))) {
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    await outputOf(python, [script, "random-full", "--out", unfinished, "--seed", "1"]);
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  }
  return folder;
}

/** The random weights as a bundle, with the demo's cropper, which nothing here runs. */
export async function sealedBundle(folder: string, weights: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const file of ["cnn.onnx", "rnn.onnx", "segmenter.onnx", "pregnancy.onnx"])
    await copyFile(join(weights, file), join(folder, file));
  await copyFile(join(DEMO_BUNDLE, "cropper.onnx"), join(folder, "cropper.onnx"));
  const identity: CalibrationMatrix = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const gradeCalibrator = { icm: identity, te: identity };
  const pregnancy = { input: "enhanced", architecture: "resnet50" } as const;
  await sealBundle({ dir: folder, name: "bench", demo: true, features: XCEPTION_FEATURES, gradeCalibrator, pregnancy });
  return folder;
}

/**
 * A clip of 30 frames for a bundle's model server: the time of a convolution does not depend on what it sees.
 *
 * @param ageYears null for none
 */
export async function noiseClip(bundleDir: string, ageYears: number | null): Promise<Uint8Array> {
  const { manifest } = await loadBundle(bundleDir);
  const frames = new Uint8Array(FRAMES_AT_MOST * 3 * CLIP_SIZE ** 2);
  let state = 1;
  for (let index = 0; index < frames.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    frames[index] = state >>> 24;
  }
  return npzClipFormat.encode({
    frames,
    hpi: Float32Array.from({ length: FRAMES_AT_MOST }, (_, hour) => 90 + hour),
    meta: {
      schema: "blastograde/clip@1",
      archiveDigest: "0".repeat(64),
      cropperSha256: manifest.networks.cropper.sha256,
      ageYears,
      kind: "time-lapse",
    },
  });
}
