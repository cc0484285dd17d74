/** The inference thread's program: opens the bundle's networks once, warms them, and grades what it is sent. */
import { parentPort, workerData } from "node:worker_threads";
import { type Grader, openGrader } from "../../adapters/onnx/grader.ts";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { readNetwork } from "../bundle/load-bundle.ts";
import {
  type FromInferenceWorker,
  type InferenceSetup,
  portableError,
  type ToInferenceWorker,
} from "./inference-messages.ts";

const { bundle, threads, device, framesPerBatch } = workerData as InferenceSetup;
const tell = (message: FromInferenceWorker) => parentPort?.postMessage(message);

async function openWarm(): Promise<Grader> {
  const grader = await openGrader({
    cnn: await readNetwork(bundle, "cnn"),
    rnn: await readNetwork(bundle, "rnn"),
    features: bundle.manifest.networks.cnn.features,
    threads,
    device,
    framesPerBatch,
  });
  // The first call allocates the memory that the later ones use, and finds out a network that does not fit the manifest.
  await grader.grade(new Uint8Array(framesPerBatch * 3 * CLIP_SIZE * CLIP_SIZE), framesPerBatch);
  return grader;
}

async function answer(grader: Grader, frames: Uint8Array, frameCount: number): Promise<FromInferenceWorker> {
  try {
    return { kind: "graded", scores: await grader.grade(frames, frameCount) };
  } catch (error) {
    return { kind: "failed", error: portableError(error) };
  }
}

try {
  const grader = await openWarm();
  parentPort?.on("message", async (message: ToInferenceWorker) => {
    if (message.kind === "grade") return tell(await answer(grader, message.frames, message.frameCount));
    await grader.close();
    parentPort?.close();
  });
  tell({ kind: "ready" });
} catch (error) {
  // Without a listener on its port the thread ends by itself.
  tell({ kind: "start-failed", error: portableError(error) });
}
