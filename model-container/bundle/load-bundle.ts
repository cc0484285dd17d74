import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BundleManifest } from "../../core/contracts/bundle.ts";
import { BundleDamaged } from "../../core/errors.ts";
import { fileSha256, modelDigest } from "./model-digest.ts";

export const MANIFEST_FILE = "manifest.json";

/** A bundle whose every file was found to be what its manifest says. */
export interface LoadedBundle {
  readonly dir: string;
  readonly manifest: BundleManifest;
}

/**
 * Reads a bundle's manifest and verifies every digest in it; the networks are not kept in memory.
 *
 * @param dir a folder `models/<name>/`
 * @throws BundleDamaged that names the file
 * @example
 * const bundle = await loadBundle("model-container/models/demo");
 */
export async function loadBundle(dir: string): Promise<LoadedBundle> {
  const manifest = await readManifest(dir);
  for (const [file, sha256] of listedFiles(manifest)) {
    const found = await fileSha256(join(dir, file)).catch((cause) => {
      throw new BundleDamaged(`${file} of the model bundle ${dir} cannot be read.`, { cause });
    });
    if (found !== sha256) throw otherDigest(dir, file, found, sha256);
  }
  const found = modelDigest(manifest);
  if (found !== manifest.modelSha256) throw otherDigest(dir, MANIFEST_FILE, found, manifest.modelSha256);
  return { dir, manifest };
}

/**
 * Reads one network and verifies it once more, so that the bytes that run are bytes that were checked.
 *
 * @throws BundleDamaged, also when the bundle has no such network
 */
export async function readNetwork(
  bundle: LoadedBundle,
  network: keyof BundleManifest["networks"],
): Promise<Uint8Array> {
  const listed = bundle.manifest.networks[network];
  if (listed === undefined) throw new BundleDamaged(`The model bundle ${bundle.dir} has no network ${network}.`);
  const { file, sha256 } = listed;
  const bytes = await readFile(join(bundle.dir, file)).catch((cause) => {
    throw new BundleDamaged(`${file} of the model bundle ${bundle.dir} cannot be read.`, { cause });
  });
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sha256) throw otherDigest(bundle.dir, file, found, sha256);
  return bytes;
}

async function readManifest(dir: string): Promise<BundleManifest> {
  const text = await readFile(join(dir, MANIFEST_FILE), "utf8").catch((cause) => {
    throw new BundleDamaged(`There is no model bundle in ${dir}: its ${MANIFEST_FILE} cannot be read.`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BundleDamaged(`${MANIFEST_FILE} of the model bundle ${dir} is not JSON.`, { cause });
  }
  const parsed = BundleManifest.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new BundleDamaged(
    `${MANIFEST_FILE} of the model bundle ${dir} breaks its schema: ${z.prettifyError(parsed.error)}`,
    {
      cause: parsed.error,
    },
  );
}

function listedFiles(manifest: BundleManifest): [file: string, sha256: string][] {
  const networks = Object.values(manifest.networks)
    .filter((network) => network !== undefined)
    .map(({ file, sha256 }): [string, string] => [file, sha256]);
  return [...networks, ...Object.entries(manifest.files)];
}

function otherDigest(dir: string, file: string, found: string, listed: string): BundleDamaged {
  const what = file === MANIFEST_FILE ? "gives the model digest" : "has the SHA-256";
  return new BundleDamaged(`${file} of the model bundle ${dir} ${what} ${found}, not ${listed} as the manifest says.`);
}
