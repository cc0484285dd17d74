import { join } from "node:path";
import { FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import { median } from "../../core/statistics/median.ts";
import { startModelServer } from "../../model-container/server/server.ts";
import { invokeModel } from "../invoke-model.ts";
import { standardErrorLogger } from "../log.ts";
import { pythonWithTorch } from "../python.ts";
import type { Bench } from "./bench.ts";
import { ratio, rounded } from "./figures.ts";
import { noiseClip, randomWeights, sealedBundle } from "./full-size-bundle.ts";

const THREADS = 2;
const AGE_YEARS = 35;
/** Of each clip, in turn. */
const REQUESTS_PER_ROUND = 4;

/**
 * What the pregnancy branch (segmenter, enhanced image, full-size ResNet50, Grad-CAM) adds to the grading of a clip of 30
 * frames: the same model server, asked in turn for a clip with an age and for the same one without, which has no score.
 */
export const benchPregnancy: Bench = async ({ folder, repeats, say }) => {
  const weights = await randomWeights(join(folder, "full-size"), pythonWithTorch());
  const bundleDir = await sealedBundle(join(folder, "full-size-bundle"), weights);
  const [withAge, withoutAge] = [await noiseClip(bundleDir, AGE_YEARS), await noiseClip(bundleDir, null)];
  const server = await startModelServer({ bundleDir, port: 0, threads: THREADS, logger: standardErrorLogger("warn") });
  const seconds = { withAge: [] as number[], withoutAge: [] as number[] };
  const timed = async (clip: Uint8Array) => {
    const started = performance.now();
    const { pregnancy } = await invokeModel(server.url, clip);
    return { pregnancy, seconds: (performance.now() - started) / 1e3 };
  };
  try {
    for (let repeat = 1; repeat <= repeats; repeat++) {
      for (let request = 0; request < REQUESTS_PER_ROUND; request++) {
        const [scored, graded] = [await timed(withAge), await timed(withoutAge)];
        if (scored.pregnancy === null || graded.pregnancy !== null) throw new Error("The branch did not run as asked.");
        seconds.withAge.push(scored.seconds);
        seconds.withoutAge.push(graded.seconds);
      }
      say(
        `round ${repeat}: ${median(seconds.withAge).toFixed(2)} s with an age, ${median(seconds.withoutAge).toFixed(2)} s without`,
      );
    }
  } finally {
    await server.close();
  }
  const [scored, graded] = [median(seconds.withAge), median(seconds.withoutAge)];
  return {
    name: "pregnancy",
    frames: FRAMES_AT_MOST,
    threads: THREADS,
    seconds: rounded(scored),
    secondsWithoutAge: rounded(graded),
    ratioToWithoutAge: ratio(scored, graded),
  };
};
