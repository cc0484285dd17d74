// Draws its share of the blastocysts; see shares.ts.
import { parentPort, workerData } from "node:worker_threads";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { type BlastocystDraw, type BlastocystStill, drawBlastocystStill } from "./blastocyst-still.ts";
import type { Share } from "./shares.ts";

export interface BlastocystTask {
  readonly draw: BlastocystDraw;
  readonly blastocysts: number;
  /** Bytes of `cropper.onnx`. */
  readonly cropper: Uint8Array;
}

export interface DrawnBlastocyst {
  readonly index: number;
  /** Null where the cropper finds no embryo. */
  readonly drawn: BlastocystStill | null;
}

const { task, share, shares } = workerData as Share<BlastocystTask>;
const segmenter = await openSegmenter(task.cropper, { sha256: await sha256Hex(task.cropper), threads: 1 });
for (let index = share; index < task.blastocysts; index += shares) {
  const message: DrawnBlastocyst = { index, drawn: await drawBlastocystStill(task.draw, index, segmenter) };
  parentPort!.postMessage(message);
}
await segmenter.close();
