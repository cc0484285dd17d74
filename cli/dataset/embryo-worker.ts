// Prepares one embryo after the other as it is asked to; see ordered-workers.ts.
import { parentPort, workerData } from "node:worker_threads";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { prepareEmbryo, type Wanted } from "./embryo-preparation.ts";
import { openSource } from "./source.ts";

export interface EmbryoTask {
  /** Folder of the source. */
  readonly dir: string;
  /** Bytes of `cropper.onnx`. */
  readonly cropper: Uint8Array;
  readonly wanted: Wanted;
}

const { dir, cropper, wanted } = workerData as EmbryoTask;
// Listened to at once: the first embryo is asked for while the network is being opened.
const opened = Promise.all([
  openSource(dir),
  sha256Hex(cropper).then((sha256) => openSegmenter(cropper, { sha256, threads: 1 })),
]);
parentPort!.on("message", async (embryoId: string) => {
  const [source, segmenter] = await opened;
  parentPort!.postMessage(await prepareEmbryo(source, embryoId, wanted, { segmenter, pictures: sharpDecoder }));
});
