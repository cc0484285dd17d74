import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GradeCalibrator } from "../../core/contracts/bundle.ts";
import { loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { type SealOptions, sealBundle } from "../../model-container/bundle/seal-bundle.ts";
import { DEMO_BUNDLE, gradeCalibrator } from "../contract/model-server.builders.ts";

const NETWORKS = join(import.meta.dirname, "pregnancy-networks");

const halves: GradeCalibrator["icm"] = [
  [0.5, 0.25, 0.25],
  [0.25, 0.5, 0.25],
  [0.25, 0.25, 0.5],
];
/** Gives half of a still's score away, so that its grades are told from those of a time-lapse. */
export const stillCalibrator: GradeCalibrator = { icm: halves, te: halves };

export interface BundleFolder {
  readonly dir: string;
  readonly modelSha256: string;
  remove(): Promise<void>;
}

/**
 * The demo's cropper, CNN and RNN with pregnancy networks whose answers can be told by hand (`pregnancy-networks`), in a
 * folder that has room for a calibrator beside it.
 */
export async function pregnancyBundle(changes: Partial<SealOptions> = {}): Promise<BundleFolder> {
  const parent = await mkdtemp(join(tmpdir(), "pregnancy-bundle-"));
  const dir = join(parent, "handmade");
  await mkdir(dir);
  for (const file of ["cropper.onnx", "cnn.onnx", "rnn.onnx"]) await copyFile(join(DEMO_BUNDLE, file), join(dir, file));
  for (const file of ["segmenter.onnx", "pregnancy.onnx"]) await copyFile(join(NETWORKS, file), join(dir, file));
  const demo = await loadBundle(DEMO_BUNDLE);
  const { manifest } = await sealBundle({
    dir,
    name: "handmade",
    demo: true,
    features: demo.manifest.networks.cnn.features,
    gradeCalibrator,
    stillCalibrator,
    pregnancy: { input: "enhanced", architecture: "made by hand" },
    ...changes,
  });
  return { dir, modelSha256: manifest.modelSha256, remove: () => rm(parent, { recursive: true }) };
}
