import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { tarOf } from "../../core/tar.ts";
import { entryName, planShards, SHARD_BYTES, type ShardPlan } from "./shard-plan.ts";
import type { TrainingFile } from "./training-files.ts";

/** A prepared data set as it travels; what `model-container/training/sagemaker_shards.py` unpacks. */
export interface ShardedDataset {
  /** SHA-256 of `manifest`: names these files with these bytes, cut in this way. */
  readonly sha256: string;
  /** `manifest.json`'s bytes. */
  readonly manifest: Buffer;
  readonly shards: readonly (ShardPlan & { readonly bytes: number; readonly sha256: string })[];
  readonly files: readonly TrainingFile[];
}

export const MANIFEST = "manifest.json";

/** Reads every file once, shard by shard, and says what would be sent. The same files give the same bytes anywhere. */
export async function shardDataset(
  dataset: string,
  given: readonly TrainingFile[],
  shardBytes = SHARD_BYTES,
): Promise<ShardedDataset> {
  const files = [...given].sort((one, other) => (one.path < other.path ? -1 : 1));
  const shards = [];
  for (const plan of planShards(files, shardBytes)) {
    const tar = await readShard(dataset, plan, files);
    shards.push({ file: plan.file, bytes: tar.length, sha256: sha256Of(tar), pieces: plan.pieces });
  }
  const manifest = Buffer.from(JSON.stringify({ schema: "blastograde/training-shards@1", files, shards }));
  return { sha256: sha256Of(manifest), manifest, shards, files };
}

/**
 * The tar of one shard.
 *
 * @throws when a file is shorter than it was when the shards were planned
 */
export async function readShard(dataset: string, plan: ShardPlan, files: readonly TrainingFile[]): Promise<Uint8Array> {
  const bytesOf = new Map(files.map(({ path, bytes }) => [path, bytes]));
  const entries = [];
  for (const piece of plan.pieces) {
    const content = await readPart(join(dataset, piece.path), piece.offset, piece.bytes);
    entries.push({ name: entryName(piece, bytesOf.get(piece.path) ?? piece.bytes), content });
  }
  return tarOf(entries);
}

async function readPart(path: string, offset: number, bytes: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const part = Buffer.alloc(bytes);
    for (let read = 0; read < bytes; ) {
      const { bytesRead } = await file.read(part, read, bytes - read, offset + read);
      if (bytesRead === 0) throw new Error(`${path} has become shorter while it was read.`);
      read += bytesRead;
    }
    return part;
  } finally {
    await file.close();
  }
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256Of(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
