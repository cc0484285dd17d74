import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BundleManifest, type GradeCalibrator, type Preprocessing } from "../../core/contracts/bundle.ts";
import { CLIP_SIZE, FOCAL_PLANES_UM, FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import { GRADES } from "../../core/contracts/grades.ts";
import { BundleDamaged } from "../../core/errors.ts";
import { withSortedKeys } from "./canonical-json.ts";
import { type LoadedBundle, loadBundle, MANIFEST_FILE } from "./load-bundle.ts";
import { fileSha256, modelDigest } from "./model-digest.ts";

const NETWORK_FILES = {
  cropper: "cropper.onnx",
  cnn: "cnn.onnx",
  rnn: "rnn.onnx",
  segmenter: "segmenter.onnx",
  pregnancy: "pregnancy.onnx",
} as const;

/** What our networks expect of a clip. Kragh et al. 2019, sections 2.1 to 2.3. */
const PREPROCESSING: Preprocessing = {
  focalPlanesUm: [...FOCAL_PLANES_UM],
  cropFraction: 0.8,
  clipSize: CLIP_SIZE,
  cropperSize: 64,
  framesAtMost: FRAMES_AT_MOST,
  scaling: "x / 127.5 - 1, inside the networks",
};

export interface SealOptions {
  /** The folder with `cropper.onnx`, `cnn.onnx`, `rnn.onnx`, and whatever else belongs to the bundle. */
  readonly dir: string;
  readonly name: string;
  /** True for weights trained on phantoms. */
  readonly demo: boolean;
  /** Features of one frame: F of `cnn.onnx`. */
  readonly features: number;
  readonly gradeCalibrator: GradeCalibrator;
  /** Of the CNN's own scores. @default none: the bundle grades no stills */
  readonly stillCalibrator?: GradeCalibrator | undefined;
  /** What `pregnancy.onnx` takes and is. @default none: no pregnancy score, and `segmenter.onnx` is not needed */
  readonly pregnancy?: { readonly input: "enhanced" | "plain"; readonly architecture: string } | undefined;
}

/**
 * Writes `manifest.json` over the files that lie in a folder, and loads the bundle. The same files give the same bytes.
 *
 * Files that start with a dot do not belong to the bundle.
 *
 * @throws BundleDamaged when a network is missing
 * @throws ZodError when the options break the manifest's schema
 * @example
 * await sealBundle({ dir: "models/demo", name: "demo", demo: true, features: 512, gradeCalibrator });
 */
export async function sealBundle(options: SealOptions): Promise<LoadedBundle> {
  const { dir, name, demo, features, gradeCalibrator, stillCalibrator, pregnancy } = options;
  const digests = await folderDigests(dir);
  const network = (file: string) => {
    const sha256 = digests.get(file);
    if (sha256 === undefined) throw new BundleDamaged(`${file} is missing in ${dir}: no bundle without it.`);
    digests.delete(file);
    return { file, sha256 };
  };
  const answers = {
    classOrder: [...GRADES] as BundleManifest["classOrder"],
    preprocessing: PREPROCESSING,
    networks: {
      cropper: network(NETWORK_FILES.cropper),
      cnn: { ...network(NETWORK_FILES.cnn), features },
      rnn: network(NETWORK_FILES.rnn),
      ...(pregnancy && {
        segmenter: network(NETWORK_FILES.segmenter),
        pregnancy: { ...network(NETWORK_FILES.pregnancy), ...pregnancy },
      }),
    },
    gradeCalibrator,
    ...(stillCalibrator && { stillCalibrator }),
  };
  const manifest = BundleManifest.parse({
    schema: "blastograde/bundle@1",
    name,
    demo,
    ...answers,
    modelSha256: modelDigest(answers),
    files: Object.fromEntries(digests),
  });
  // Renamed into place: a bundle without a whole manifest does not load, and this one may be in use.
  const unfinished = join(dir, `.${MANIFEST_FILE}.${process.pid}`);
  await writeFile(unfinished, `${JSON.stringify(withSortedKeys(manifest), null, 2)}\n`);
  await rename(unfinished, join(dir, MANIFEST_FILE));
  return loadBundle(dir);
}

/** SHA-256 of every file of a folder but the manifest, by name. */
async function folderDigests(dir: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.name === MANIFEST_FILE || entry.name.startsWith(".")) continue;
    if (!entry.isFile()) throw new BundleDamaged(`${entry.name} in ${dir} is no plain file; a bundle has no folders.`);
    digests.set(entry.name, await fileSha256(join(dir, entry.name)));
  }
  return digests;
}
