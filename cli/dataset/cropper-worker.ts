// Draws its share of the pictures for the cropper's training; see shares.ts.
import { parentPort, workerData } from "node:worker_threads";
import { drawCropperPicture } from "./cropper-picture.ts";
import type { Share } from "./shares.ts";

export interface CropperTask {
  readonly seed: number;
  readonly pictures: number;
}

const { task, share, shares } = workerData as Share<CropperTask>;
for (let index = share; index < task.pictures; index += shares) {
  parentPort!.postMessage(await drawCropperPicture(task.seed, index));
}
