import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export const NETWORKS = ["cropper", "cnn", "rnn", "segmenter", "pregnancy"] as const;
export type Network = (typeof NETWORKS)[number];

export interface TrainingFile {
  /** In the prepared data set's folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * The files of a prepared data set that a network's training reads, so that no others are sent anywhere.
 *
 * @param moment the stills that the CNN trains on, such as `tA`
 * @throws with a sentence when one of them is missing
 */
export async function trainingFiles(dataset: string, network: Network, moment: string): Promise<TrainingFile[]> {
  const paths = {
    cropper: async () => ["cropper.npz"],
    cnn: async () => ["dataset.json", "embryos.csv", `stills/${moment}.npy`],
    rnn: async () => ["dataset.json", "embryos.csv", ...(await clipsIn(dataset))],
    segmenter: async () => ["segmentation.npz"],
    pregnancy: async () => ["enhanced.npy", "pregnancy.csv"],
  };
  return Promise.all(
    (await paths[network]()).map(async (path) => {
      const found = await stat(join(dataset, path)).catch(() => null);
      if (found?.isFile()) return { path, bytes: found.size };
      throw new Error(
        `${join(dataset, path)} is missing, and the ${network} training reads it: prepare the data set first.`,
      );
    }),
  );
}

async function clipsIn(dataset: string): Promise<string[]> {
  const folder = join(dataset, "clips");
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".npz"));
  if (names.length > 0) return names.sort().map((name) => `clips/${name}`);
  throw new Error(`${folder} holds no clip, and the rnn trains on clips: prepare the data set with --sequences first.`);
}
