/**
 * An inference thread that does what a clip's first byte orders, in place of networks. It blocks its thread as a network
 * does. The second byte, over 255, comes back as the A of both structures, so that answers can be told apart.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type {
  FromInferenceWorker,
  InferenceSetup,
  ToInferenceWorker,
} from "../../model-container/server/inference-messages.ts";
import { AT_GATE, OPEN_GATE, ORDERS } from "./model-server-worker.orders.ts";

const { bundle } = workerData as InferenceSetup;
const tell = (message: FromInferenceWorker) => parentPort?.postMessage(message);

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function waitAtGate(): void {
  writeFileSync(join(bundle.dir, AT_GATE), "");
  while (!existsSync(join(bundle.dir, OPEN_GATE))) sleep(5);
}

parentPort?.on("message", (message: ToInferenceWorker) => {
  if (message.kind === "close") return parentPort?.close();
  const [order, a = 0] = message.clip.frames;
  if (order === ORDERS.throw) throw new Error("the worker was told to throw");
  if (order === ORDERS.exit) process.exit(7);
  if (order === ORDERS.waitAtGate) waitAtGate();
  const scores = { A: a / 255, B: 1 - a / 255, C: 0 };
  if (order === ORDERS.notANumber) scores.B = Number.NaN;
  if (order === ORDERS.sumOffOne) scores.C = 0.01;
  tell({ kind: "graded", answer: { scores: { icm: scores, te: scores }, pregnancy: null, warnings: [] } });
});
tell({ kind: "ready" });
