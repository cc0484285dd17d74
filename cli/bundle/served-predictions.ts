import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { startModelServer } from "../../model-container/server/server.ts";
import { standardErrorLogger } from "../log.ts";

/**
 * Sends clips of a data set through the model server, one after the other.
 *
 * @param lastFrames only so many frames of each clip, the last ones, as from an archive that begins late
 */
export async function servedPredictions(
  bundleDir: string,
  dataset: string,
  embryoIds: readonly string[],
  lastFrames = FRAMES_AT_MOST,
): Promise<Prediction[]> {
  const server = await startModelServer({ bundleDir, port: 0, threads: 2, logger: standardErrorLogger("warn") });
  try {
    const predictions: Prediction[] = [];
    for (const embryoId of embryoIds) {
      const clip = new Uint8Array(await readFile(join(dataset, "clips", `${embryoId}.npz`)));
      const answer = await fetch(`${server.url}/invocations`, {
        method: "POST",
        headers: { "Content-Type": "application/x-npz" },
        body: shortened(clip, lastFrames) as Uint8Array<ArrayBuffer>,
      });
      if (!answer.ok) throw new Error(`${embryoId}: the model server answered ${answer.status}`);
      predictions.push(Prediction.parse(await answer.json()));
    }
    return predictions;
  } finally {
    await server.close();
  }
}

function shortened(bytes: Uint8Array, lastFrames: number): Uint8Array {
  const { frames, hpi, meta } = npzClipFormat.decode(bytes);
  const first = Math.max(0, hpi.length - lastFrames);
  const frameBytes = frames.length / hpi.length;
  return npzClipFormat.encode({ frames: frames.subarray(first * frameBytes), hpi: hpi.subarray(first), meta });
}
