// Turns exported networks into a bundle: fits the grade calibrator on validation votes, measures everything on the test
// split, writes the card, seals.
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { forbidTelemetry } from "../adapters/config/telemetry.ts";
import type { CalibrationMatrix, GradeCalibrator } from "../core/contracts/bundle.ts";
import { fitGradeCalibrator } from "../core/grading/grade-calibrator.ts";
import { sealBundle } from "../model-container/bundle/seal-bundle.ts";
import { readEmbryos } from "./bundle/dataset-reader.ts";
import { evaluateBundle } from "./bundle/evaluate.ts";
import { modelCard, type Recipe } from "./bundle/model-card.ts";
import { servedPredictions } from "./bundle/served-predictions.ts";

const USAGE = "Usage: npm run seal-bundle -- --run DIR --out DIR --name NAME";
const FILES = ["cropper.onnx", "cnn.onnx", "rnn.onnx", "golden.npz"];
const UNCHANGED: CalibrationMatrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
});

/** `--run` is a folder with `dataset/`, `criterion/`, `export/` and the training runs, as `npm run demo-bundle` makes it. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { run: { type: "string" }, out: { type: "string" }, name: { type: "string" } },
  });
  const { run, out, name } = values;
  if (run === undefined || out === undefined || name === undefined) throw new Error("An option is missing.");
  forbidTelemetry();
  const dataset = join(run, "dataset");
  const recipe: Recipe = JSON.parse(await readFile(join(run, "recipe.json"), "utf8"));

  if (existsSync(out) && !existsSync(join(out, "manifest.json"))) {
    throw new Error(`${out} is there and is no bundle; it would be replaced. Name another folder.`);
  }
  // Built beside the old one, which stays until the new one is whole.
  const dir = `${out.replace(/\/+$/, "")}.unfinished`;
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  for (const file of FILES) await copyFile(join(run, "export", file), join(dir, file));
  const bundle = { dir, name, demo: true, features: recipe.features };
  await sealBundle({ ...bundle, gradeCalibrator: { icm: UNCHANGED, te: UNCHANGED } });

  const gradeCalibrator = await fitOnValidation(dir, dataset);
  const calibrated = await sealBundle({ ...bundle, gradeCalibrator });
  const metrics = await evaluateBundle(calibrated, dataset, join(run, "criterion"));
  await writeFile(join(dir, "metrics.json"), `${JSON.stringify({ recipe, ...metrics }, null, 2)}\n`);
  await writeFile(join(dir, "MODEL_CARD.md"), modelCard(calibrated.manifest, recipe, metrics));
  const sealed = await sealBundle({ ...bundle, gradeCalibrator });
  await rm(out, { recursive: true, force: true });
  await rename(dir, out);
  console.log(JSON.stringify({ out, modelSha256: sealed.manifest.modelSha256, ...metrics }));
}

async function fitOnValidation(dir: string, dataset: string): Promise<GradeCalibrator> {
  const validation = (await readEmbryos(dataset)).filter(({ split }) => split === "validation");
  const served = await servedPredictions(
    dir,
    dataset,
    validation.map(({ embryoId }) => embryoId),
  );
  const fitted = (structure: "icm" | "te") =>
    fitGradeCalibrator(
      validation.map(({ icmVotes, teVotes }, n) => ({
        scores: served[n]![structure].scores,
        votes: structure === "icm" ? icmVotes : teVotes,
      })),
    );
  return { icm: fitted("icm"), te: fitted("te") };
}
