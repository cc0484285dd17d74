import { cpus } from "node:os";
import { type Grader, openGrader } from "../../../adapters/onnx/grader.ts";
import { CLIP_SIZE, FRAMES_AT_MOST } from "../../../core/contracts/clip.ts";
import { median } from "../../../core/statistics/median.ts";
import { type LoadedBundle, readNetwork } from "../../../model-container/bundle/load-bundle.ts";

const REPEATS = 5;
const FRAME_BYTES = 3 * CLIP_SIZE ** 2;

/** Seconds of the repeats. */
interface Seconds {
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
}

/** How long one blastocyst takes. Kragh et al. 2019, Table 8. */
export interface Timing {
  /** The machine in general words: which one it was is nobody's business. */
  readonly platform: string;
  readonly repeats: number;
  /** The CNN on 30 frames. */
  readonly cnn: Seconds;
  readonly rnn: Seconds;
  readonly total: Seconds;
}

/**
 * Times a bundle's networks on a full sequence, after one run to warm up. A picture of noise takes as long as one of an
 * embryo.
 */
export async function measureTiming(bundle: LoadedBundle, threads: number): Promise<Timing> {
  const [cnn, rnn] = [await readNetwork(bundle, "cnn"), await readNetwork(bundle, "rnn")];
  const grader = await openGrader({ cnn, rnn, features: bundle.manifest.networks.cnn.features, threads });
  try {
    const frames = Uint8Array.from({ length: FRAMES_AT_MOST * FRAME_BYTES }, (_, n) => Math.imul(n, 2654435761) >>> 24);
    await timedGrading(grader, frames);
    const runs: { cnn: number; rnn: number }[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) runs.push(await timedGrading(grader, frames));
    return {
      platform: `CPU, ${threads} of ${cpus().length} cores`,
      repeats: REPEATS,
      cnn: secondsOf(runs.map((run) => run.cnn)),
      rnn: secondsOf(runs.map((run) => run.rnn)),
      total: secondsOf(runs.map((run) => run.cnn + run.rnn)),
    };
  } finally {
    await grader.close();
  }
}

function secondsOf(runs: readonly number[]): Seconds {
  return { median: median(runs), fastest: Math.min(...runs), slowest: Math.max(...runs) };
}

async function timedGrading(grader: Grader, frames: Uint8Array): Promise<{ cnn: number; rnn: number }> {
  const started = performance.now();
  const features = await grader.features(frames, FRAMES_AT_MOST);
  const between = performance.now();
  await grader.gradeFeatures(features, FRAMES_AT_MOST);
  return { cnn: (between - started) / 1000, rnn: (performance.now() - between) / 1000 };
}
