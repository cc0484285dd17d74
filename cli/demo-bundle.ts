// The demo bundle from nothing: one command a step. Data that is there is not drawn again, and trainings resume by themselves.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { environmentWith } from "../adapters/config/local-config.ts";
import { demoStages, isDone, type Lane } from "./bundle/demo-steps.ts";
import type { Recipe } from "./bundle/recipe.ts";
import { pythonWithTorch } from "./python.ts";

const USAGE = `Usage: npm run demo-bundle -- [--run runs/demo] [--out model-container/models/demo] [--seed 1] [--width 0.25]
  [--cropper-pictures 3000] [--cropper-epochs 16] [--cropper-fine-epochs 12] [--stills 2400] [--cnn-epochs 30]
  [--embryos 600] [--rnn-epochs 60] [--shorten 0.3] [--comparison-embryos 400] [--comparison-epochs 20]
  [--test-embryos 340] [--blastocysts 2600] [--segmenter-epochs 7] [--segmenter-fine-epochs 4] [--transfers 2900]
  [--pregnancy-width 0.25] [--votes-epochs 12] [--votes-fine-epochs 2] [--pregnancy-epochs 4] [--threads 2]`;

await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
});

async function main(): Promise<void> {
  const text = (value: string) => ({ type: "string", default: value }) as const;
  const { values } = parseArgs({
    options: {
      run: text("runs/demo"),
      out: text("model-container/models/demo"),
      seed: text("1"),
      width: text("0.25"),
      "cropper-pictures": text("3000"),
      "cropper-epochs": text("16"),
      "cropper-fine-epochs": text("12"),
      stills: text("2400"),
      "cnn-epochs": text("30"),
      embryos: text("600"),
      "rnn-epochs": text("60"),
      shorten: text("0.3"),
      "comparison-embryos": text("400"),
      "comparison-epochs": text("20"),
      "test-embryos": text("340"),
      blastocysts: text("2600"),
      "segmenter-epochs": text("7"),
      "segmenter-fine-epochs": text("4"),
      transfers: text("2900"),
      "pregnancy-width": text("0.25"),
      "votes-epochs": text("12"),
      "votes-fine-epochs": text("2"),
      "pregnancy-epochs": text("4"),
      threads: text("2"),
    },
  });
  const recipe: Recipe = {
    seed: Number(values.seed),
    width: Number(values.width),
    features: 8 * Math.round((2048 * Number(values.width)) / 8),
    cropperPictures: Number(values["cropper-pictures"]),
    cropperEpochs: Number(values["cropper-epochs"]),
    cropperFineEpochs: Number(values["cropper-fine-epochs"]),
    stillEmbryos: Number(values.stills),
    cnnEpochs: Number(values["cnn-epochs"]),
    embryos: Number(values.embryos),
    rnnEpochs: Number(values["rnn-epochs"]),
    shorten: Number(values.shorten),
    comparisonEmbryos: Number(values["comparison-embryos"]),
    comparisonEpochs: Number(values["comparison-epochs"]),
    testEmbryos: Number(values["test-embryos"]),
    blastocysts: Number(values.blastocysts),
    segmenterEpochs: Number(values["segmenter-epochs"]),
    segmenterFineEpochs: Number(values["segmenter-fine-epochs"]),
    transfers: Number(values.transfers),
    pregnancyWidth: Number(values["pregnancy-width"]),
    votesEpochs: Number(values["votes-epochs"]),
    votesFineEpochs: Number(values["votes-fine-epochs"]),
    pregnancyEpochs: Number(values["pregnancy-epochs"]),
  };
  keepRecipe(values.run, recipe);
  // A lane that fails ends the others, and whoever ends this command all of them: each goes on from there the next time.
  const ended = new AbortController();
  process.once("SIGTERM", () => ended.abort());
  try {
    for (const stage of demoStages(recipe, values, pythonWithTorch(), Number(values.threads))) {
      await Promise.all(stage.map((lane) => runLane(lane, ended.signal)));
    }
  } finally {
    ended.abort();
  }
}

async function runLane(lane: Lane, ended: AbortSignal): Promise<void> {
  // Threads that wait by spinning make each other slow as soon as anything else runs.
  const env = environmentWith({ OMP_WAIT_POLICY: "PASSIVE" });
  for (const step of lane) {
    if (isDone(step)) continue;
    ended.throwIfAborted();
    console.error(`\n> ${step.args.join(" ")}`);
    const running = spawn(step.command, step.args, { stdio: "inherit", env, signal: ended });
    const [status] = await once(running, "exit");
    if (status !== 0) {
      throw new Error(`A step failed: ${step.args.join(" ")}. Run the same command again to go on from there.`);
    }
  }
}

/** A run goes on only with the recipe it began with: the card must not describe another one. */
function keepRecipe(run: string, recipe: Recipe): void {
  const file = join(run, "recipe.json");
  const text = JSON.stringify(recipe);
  if (existsSync(file) && readFileSync(file, "utf8") !== text) {
    throw new Error(`${run} was begun with another recipe (${file}). Give the same options, or another --run.`);
  }
  mkdirSync(run, { recursive: true });
  writeFileSync(file, text);
}
