/**
 * One run of the crop station in a process of its own, whose peak memory is then the station's.
 *
 *     node cli/bench/crop-process.ts DATA_DIR BUNDLE_DIR ranges|whole
 *
 * DATA_DIR is one that `runIngest` has filled. Prints one JSON line: {@link CropProcessRun}.
 */
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { loadBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";
import { type CropRun, runCrop } from "./crop-run.ts";

export interface CropProcessRun extends CropRun {
  /** Bytes, before the station begins: Node.js, our code, sharp, ONNX Runtime and the network. */
  readonly startMemory: number;
  /** Bytes. */
  readonly peakMemory: number;
}

const [dataDir, bundleDir, reading] = process.argv.slice(2);
const bundle = await loadBundle(bundleDir!);
const { sha256 } = bundle.manifest.networks.cropper;
const segmenter = await openSegmenter(await readNetwork(bundle, "cropper"), { sha256, threads: 1 });
const startMemory = peakMemory();
const run = await runCrop(dataDir!, { segmenter, whole: reading === "whole" });
console.log(JSON.stringify({ ...run, startMemory, peakMemory: peakMemory() } satisfies CropProcessRun));
await segmenter.close();

/** The largest resident set so far. */
function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}
