import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { FileSystem } from "aws-cdk-lib";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import { Construct } from "constructs";
import { BundleManifest } from "../core/contracts/bundle.ts";
import { tarOf } from "../core/tar.ts";
import { StageInvalid } from "./stage.ts";

/** Of a gzip header: the system that packed it, which must not tell one machine's archive from another's. */
const GZIP_SYSTEM = 9;
const UNKNOWN_SYSTEM = 255;

export interface ModelBundleProps {
  /** From the root of the repository. */
  readonly folder: string;
}

/** What each deployment asks its endpoint to grade, and what a CPU said of it. */
interface CannedFiles {
  readonly clip: string;
  readonly prediction: string;
}

/**
 * The model bundle as SageMaker unpacks it into `/opt/ml/model`: `model.tar.gz` beside the image and not in it, so that
 * another model is a deployment without a build. The same bundle gives the same archive on every machine: no dates, no
 * owners, and stored rather than compressed, which spares the weights (they hardly shrink) zlib's differences.
 */
export class ModelBundle extends Construct {
  readonly manifest: BundleManifest;
  readonly canned: CannedFiles;
  readonly archive: Asset;

  private readonly folder: string;

  /** @throws StageInvalid when the folder holds no bundle, or there is no canned clip beside it */
  constructor(scope: Construct, id: string, { folder }: ModelBundleProps) {
    super(scope, id);
    this.folder = folder;
    this.manifest = readManifest(folder);
    this.canned = cannedFiles(folder);
    const directory = FileSystem.mkdtemp("blastograde-model-");
    const path = join(directory, "model.tar.gz");
    writeFileSync(path, packed(folder, this.manifest));
    this.archive = new Asset(this, "Archive", { path });
    // It has been copied into the cloud assembly.
    rmSync(directory, { recursive: true });
  }

  /** The cropper, which runs beside the crop function's code. */
  get cropper() {
    const { file, sha256 } = this.manifest.networks.cropper;
    return { file: `${this.folder}/${file}`, sha256 };
  }
}

function cannedFiles(folder: string): CannedFiles {
  const files = { clip: `${folder}.canned-clip.npz`, prediction: `${folder}.canned-prediction.json` };
  for (const file of Object.values(files)) {
    if (existsSync(file)) continue;
    const command = `npm run canned-clip -- --bundle ${folder}`;
    throw new StageInvalid(
      `modelBundle: ${file}, by which the deployment is tried, is not there. Make it: ${command}.`,
    );
  }
  return files;
}

function readManifest(folder: string): BundleManifest {
  try {
    return BundleManifest.parse(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")));
  } catch (cause) {
    throw new StageInvalid(`modelBundle: ${folder} holds no model bundle whose manifest.json can be read.`, { cause });
  }
}

function packed(folder: string, { networks, files }: BundleManifest): Buffer {
  const names = [
    "manifest.json",
    ...Object.values(networks).flatMap((network) => network?.file ?? []),
    ...Object.keys(files),
  ].sort();
  const entries = names.map((name) => ({ name, content: readFileSync(join(folder, name)) }));
  const archive = gzipSync(tarOf(entries), { level: 0 });
  archive[GZIP_SYSTEM] = UNKNOWN_SYSTEM;
  return archive;
}
