import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Prediction } from "../../core/contracts/prediction.ts";
import { startModelServer } from "../../model-container/server/server.ts";
import { standardErrorLogger } from "../log.ts";

/** Sends clips of a data set through the model server, one after the other. */
export async function servedPredictions(
  bundleDir: string,
  dataset: string,
  embryoIds: readonly string[],
): Promise<Prediction[]> {
  const server = await startModelServer({ bundleDir, port: 0, threads: 2, logger: standardErrorLogger("warn") });
  try {
    const predictions: Prediction[] = [];
    for (const embryoId of embryoIds) {
      const clip = new Uint8Array(await readFile(join(dataset, "clips", `${embryoId}.npz`)));
      const answer = await fetch(`${server.url}/invocations`, {
        method: "POST",
        headers: { "Content-Type": "application/x-npz" },
        body: clip,
      });
      if (!answer.ok) throw new Error(`${embryoId}: the model server answered ${answer.status}`);
      predictions.push(Prediction.parse(await answer.json()));
    }
    return predictions;
  } finally {
    await server.close();
  }
}
