import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { tarOf } from "../../core/tar.ts";
import { sha256Of } from "./shards.ts";

export const TRAINING_FOLDER = "model-container/training";
/** Where gzip's header names the operating system: the one thing in it that differs between machines. */
const GZIP_OS_BYTE = 9;
const GZIP_OS_UNKNOWN = 255;

/** `sourcedir.tar.gz` of script mode: the training scripts, without their tests. */
export interface TrainingCode {
  /** SHA-256 of the tar inside: zlib's versions compress the same files to different bytes. */
  readonly sha256: string;
  readonly archive: Buffer;
}

export async function packTrainingCode(folder = TRAINING_FOLDER): Promise<TrainingCode> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".py")).sort();
  const entries = await Promise.all(names.map(async (name) => ({ name, content: await readFile(join(folder, name)) })));
  const tar = tarOf(entries);
  const archive = gzipSync(tar, { level: 9 });
  archive[GZIP_OS_BYTE] = GZIP_OS_UNKNOWN;
  return { sha256: sha256Of(tar), archive };
}
