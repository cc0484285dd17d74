// Whether a model server that runs somewhere, on a GPU for instance, answers the bundle's canned clip as the CPU did.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { readLocalConfig } from "../adapters/config/local-config.ts";
import { Prediction } from "../core/contracts/prediction.ts";
import { differencesOf, farthestScore, GPU_TOLERANCE } from "../core/grading/same-prediction.ts";
import { cannedFiles } from "./canned/canned-clip.ts";
import { untilReady } from "./canned/until-ready.ts";
import { invokeModel } from "./invoke-model.ts";

const USAGE = `Usage: npm run verify-endpoint -- --url http://HOST:8080 [--bundle DIR] [--wait 300]
Posts DIR.canned-clip.npz and compares the answer with DIR.canned-prediction.json; npm run canned-clip makes both. DIR: MODEL_BUNDLE,
if it is not said. --wait: seconds that the model server may take to be ready.`;

/** 0 when the endpoint agrees, 1 when it does not or does not answer, 2 when the call is wrong. */
process.exitCode = await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  return 2;
});

async function main(): Promise<number> {
  const { url, bundleDir, waitSeconds } = readCall();
  const files = cannedFiles(bundleDir);
  const clip = new Uint8Array(await readFile(files.clip));
  const expected = Prediction.parse(JSON.parse(await readFile(files.prediction, "utf8")));
  const answer = await answerOf(url, clip, waitSeconds).catch((error: Error) => error);
  if (answer instanceof Error) {
    console.log(JSON.stringify({ agrees: false, differences: [answer.message] }));
    return 1;
  }
  const { prediction, seconds } = answer;
  const differences = differencesOf(expected, prediction, GPU_TOLERANCE);
  const agrees = differences.length === 0;
  const maxDifference = farthestScore(expected, prediction);
  const { model, modelSha256, framesUsed } = prediction;
  console.log(
    JSON.stringify({
      agrees,
      maxDifference,
      tolerance: GPU_TOLERANCE,
      seconds,
      framesUsed,
      model,
      modelSha256,
      differences,
    }),
  );
  return agrees ? 0 : 1;
}

async function answerOf(url: string, clip: Uint8Array, waitSeconds: number) {
  await untilReady(url, waitSeconds);
  const started = performance.now();
  const prediction = await invokeModel(url, clip);
  return { prediction, seconds: Math.round(performance.now() - started) / 1e3 };
}

/** @throws Error with a sentence on what is missing or wrong */
function readCall() {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      url: text,
      bundle: { ...text, default: readLocalConfig().modelBundle },
      wait: { ...text, default: "300" },
    },
  });
  if (values.url === undefined || !/^https?:$/.test(URL.parse(values.url)?.protocol ?? "")) {
    throw new Error("--url wants the address of a model server, such as http://localhost:8080.");
  }
  const waitSeconds = Number(values.wait);
  if (!(waitSeconds >= 0)) throw new Error(`--wait wants a number of seconds, not ${values.wait}.`);
  return { url: values.url.replace(/\/+$/, ""), bundleDir: values.bundle, waitSeconds };
}
