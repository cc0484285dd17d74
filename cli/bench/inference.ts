import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DEFAULT_FRAMES_PER_BATCH } from "../../adapters/onnx/grader.ts";
import { FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import type { Prediction } from "../../core/contracts/prediction.ts";
import { median } from "../../core/statistics/median.ts";
import { startModelServer } from "../../model-container/server/server.ts";
import { invokeModel } from "../invoke-model.ts";
import { standardErrorLogger } from "../log.ts";
import { pythonWithTorch } from "../python.ts";
import type { Bench } from "./bench.ts";
import { ratio, rounded } from "./figures.ts";
import { noiseClip, randomWeights, sealedBundle, TRAINING } from "./full-size-bundle.ts";
import { outputOf } from "./output-of.ts";

const THREADS = 2;
/** Xception on 30 frames of 224 x 224; the LSTM's 0.03 are left out. */
const GFLOP = 273;
/** Of the model server, before PyTorch has its turn again. */
const REQUESTS_PER_ROUND = 3;
const BATCHES = [1, 2, 5, 10];
/** Of the same weights' scores in PyTorch and ONNX Runtime. */
const SAME_SCORE = 1e-4;

const WAYS = ["eager", "eagerChannelsLast", "optimized"] as const;
type Way = (typeof WAYS)[number];

const Scores = z.tuple([z.number(), z.number(), z.number()]);
const SecondsByBatch = z.record(z.string(), z.number());
const TorchRun = z.object({
  eager: SecondsByBatch,
  eagerChannelsLast: SecondsByBatch,
  optimized: SecondsByBatch,
  matmulGflops: z.number(),
  torch: z.string(),
  scores: z.object({ icm: Scores, te: Scores }),
});
type TorchRun = z.infer<typeof TorchRun>;

/**
 * Full-size Xception and LSTM with random weights on a clip of 30 frames: the model server over HTTP against the same
 * weights in PyTorch, in turn, with the same threads, each at its best batch size.
 */
export const benchInference: Bench = async ({ folder, repeats, say }) => {
  const python = pythonWithTorch();
  const weights = await randomWeights(join(folder, "full-size"), python);
  const bundleDir = await sealedBundle(join(folder, "full-size-bundle"), weights);
  const clip = await noiseClip(bundleDir, null);
  const clipFile = join(folder, "noise-clip.npz");
  await writeFile(clipFile, clip);
  const torch = async (batches: readonly number[]) => {
    const script = join(TRAINING, "bench_torch.py");
    const words = [script, "--weights", weights, "--clip", clipFile, "--threads", `${THREADS}`, "--repeats", "1"];
    return TorchRun.parse(JSON.parse(await outputOf(python, [...words, "--batch", ...batches.map(String)])));
  };

  say(`PyTorch at batch ${BATCHES.join(", ")}, to find the best of each way`);
  const all = await torch(BATCHES);
  const best = [...new Set(WAYS.map((way) => bestBatch(all[way])))].sort((a, b) => a - b);

  const server = await startModelServer({ bundleDir, port: 0, threads: THREADS, logger: standardErrorLogger("warn") });
  const served: number[] = [];
  const rounds: TorchRun[] = [];
  try {
    refuseOtherScores(await invokeModel(server.url, clip), all.scores);
    for (let repeat = 1; repeat <= repeats; repeat++) {
      for (let request = 0; request < REQUESTS_PER_ROUND; request++) {
        const started = performance.now();
        await invokeModel(server.url, clip);
        served.push((performance.now() - started) / 1e3);
      }
      say(`round ${repeat}: model server ${median(served.slice(-REQUESTS_PER_ROUND)).toFixed(2)} s, PyTorch follows`);
      rounds.push(await torch(best));
    }
  } finally {
    await server.close();
  }

  const seconds = median(served);
  const theirs = Object.fromEntries(WAYS.map((way) => [way, bestOf(rounds, way)])) as Record<Way, Best>;
  const matmulGflops = median(rounds.map((round) => round.matmulGflops));
  return {
    name: "inference",
    frames: FRAMES_AT_MOST,
    threads: THREADS,
    torch: all.torch,
    seconds: rounded(seconds),
    secondsTorchEager: rounded(theirs.eager.seconds),
    secondsTorchEagerChannelsLast: rounded(theirs.eagerChannelsLast.seconds),
    secondsTorchOptimized: rounded(theirs.optimized.seconds),
    batch: {
      server: DEFAULT_FRAMES_PER_BATCH,
      torchEager: theirs.eager.batch,
      torchEagerChannelsLast: theirs.eagerChannelsLast.batch,
      torchOptimized: theirs.optimized.batch,
    },
    ratioToTorchEager: ratio(seconds, theirs.eager.seconds),
    ratioToTorchEagerChannelsLast: ratio(seconds, theirs.eagerChannelsLast.seconds),
    ratioToTorchOptimized: ratio(seconds, theirs.optimized.seconds),
    matmulGflops: rounded(matmulGflops),
    shareOfPeak: rounded(GFLOP / seconds / matmulGflops),
  };
};

interface Best {
  readonly batch: number;
  readonly seconds: number;
}

function bestOf(rounds: readonly TorchRun[], way: Way): Best {
  const medians = Object.fromEntries(
    Object.keys(rounds[0]![way]).map((batch) => [batch, median(rounds.map((round) => round[way][batch]!))]),
  );
  const batch = bestBatch(medians);
  return { batch, seconds: medians[batch]! };
}

function bestBatch(seconds: Readonly<Record<string, number>>): number {
  const [best] = Object.entries(seconds).sort(([, a], [, b]) => a - b);
  return Number(best![0]);
}

/** A comparison of speed means something only between the same answers. */
function refuseOtherScores(ours: Prediction, theirs: TorchRun["scores"]): void {
  for (const structure of ["icm", "te"] as const) {
    ours.classOrder.forEach((grade, index) => {
      const difference = Math.abs(ours[structure].scores[grade] - theirs[structure][index]!);
      if (difference > SAME_SCORE) throw new Error(`${structure} ${grade} is ${difference} off PyTorch's score`);
    });
  }
}
