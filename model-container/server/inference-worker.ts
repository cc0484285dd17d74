/** The inference thread's program: opens the bundle's networks once, warms them, and answers the clips it is sent. */
import { parentPort, workerData } from "node:worker_threads";
import type { Clip } from "../../core/contracts/clip.ts";
import { type BundleNetworks, openWarmNetworks } from "./bundle-networks.ts";
import {
  type FromInferenceWorker,
  type InferenceSetup,
  portableError,
  type ToInferenceWorker,
} from "./inference-messages.ts";

const tell = (message: FromInferenceWorker) => parentPort?.postMessage(message);

async function answer(networks: BundleNetworks, clip: Clip): Promise<FromInferenceWorker> {
  try {
    return { kind: "graded", answer: await networks.answer(clip) };
  } catch (error) {
    return { kind: "failed", error: portableError(error) };
  }
}

try {
  const networks = await openWarmNetworks(workerData as InferenceSetup);
  parentPort?.on("message", async (message: ToInferenceWorker) => {
    if (message.kind === "grade") return tell(await answer(networks, message.clip));
    await networks.close();
    parentPort?.close();
  });
  tell({ kind: "ready" });
} catch (error) {
  // Without a listener on its port the thread ends by itself.
  tell({ kind: "start-failed", error: portableError(error) });
}
