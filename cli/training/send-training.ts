import { readFile } from "node:fs/promises";
import type { TrainingBucket } from "../../adapters/aws/training-bucket.ts";
import { MANIFEST, readShard, type ShardedDataset, sha256Of } from "./shards.ts";
import type { TrainingCode } from "./training-code.ts";

/** Everything that a training job reads, named after its digest: what is there need not be sent again. */
export const trainingKeys = {
  /** The folder that is the job's input channel. */
  dataset: (sha256: string) => `train/${sha256}/`,
  code: (sha256: string) => `train/code/${sha256}/sourcedir.tar.gz`,
  /** The folder of one checkpoint, an input channel of its own: the CNN under an RNN, or the weights to begin with. */
  checkpoint: (sha256: string) => `train/checkpoint/${sha256}/`,
};

/** What a checkpoint is called in its channel, whatever its name was here; the job's entry point looks for it. */
export const CHECKPOINT_FILE = "best.pt";

/**
 * Sends what of a data set is not there yet, the manifest last: a folder with a manifest is whole, and one whose sending was
 * broken off has none and is gone on with. Shards are looked for even so: one that was damaged and deleted is sent again.
 *
 * @param report told of each object, and whether it was sent or there already
 * @throws when a file has changed since its digest was taken
 */
export async function sendDataset(
  folder: string,
  dataset: ShardedDataset,
  bucket: TrainingBucket,
  report: (key: string, sent: boolean) => void,
): Promise<void> {
  const prefix = trainingKeys.dataset(dataset.sha256);
  const manifest = `${prefix}${MANIFEST}`;
  for (const shard of dataset.shards) {
    const key = `${prefix}${shard.file}`;
    const isThere = await bucket.holds(key, shard.sha256);
    if (!isThere) {
      const tar = await readShard(folder, shard, dataset.files);
      if (sha256Of(tar) !== shard.sha256) {
        throw new Error(`${folder} changed while it was being sent: start again once it is finished.`);
      }
      await bucket.put(key, tar, shard.sha256);
    }
    report(key, !isThere);
  }
  const isThere = await bucket.holds(manifest, dataset.sha256);
  if (!isThere) await bucket.put(manifest, dataset.manifest, dataset.sha256);
  report(manifest, !isThere);
}

/** Sends the training code, unless it is there. */
export async function sendCode({ sha256, archive }: TrainingCode, bucket: TrainingBucket): Promise<void> {
  const key = trainingKeys.code(sha256);
  const archiveSha256 = sha256Of(archive);
  if (!(await bucket.holds(key, archiveSha256))) await bucket.put(key, archive, archiveSha256);
}

/** Sends a checkpoint, unless it is there. */
export async function sendCheckpoint(file: string, sha256: string, bucket: TrainingBucket): Promise<void> {
  const key = `${trainingKeys.checkpoint(sha256)}${CHECKPOINT_FILE}`;
  if (!(await bucket.holds(key, sha256))) await bucket.put(key, await readFile(file), sha256);
}
