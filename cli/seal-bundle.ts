// Turns exported networks into a bundle: fits the grade calibrator on validation votes, measures everything on embryos that
// no training saw, writes the report and the card, seals.
import { existsSync } from "node:fs";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { forbidTelemetry } from "../adapters/config/telemetry.ts";
import type { CalibrationMatrix } from "../core/contracts/bundle.ts";
import { sealBundle } from "../model-container/bundle/seal-bundle.ts";
import { metricsJson } from "./bundle/bundle-metrics.ts";
import { criterionRates } from "./bundle/criterion-rates.ts";
import { cropperMetrics } from "./bundle/cropper-metrics.ts";
import { fittedCalibrator } from "./bundle/fitted-calibrator.ts";
import { modelCard } from "./bundle/model-card.ts";
import { readRecipe } from "./bundle/recipe.ts";
import { servedOutlines } from "./bundle/served-outlines.ts";
import { evaluate } from "./evaluation/evaluation.ts";
import { mainFigures } from "./evaluation/main-figures.ts";
import { readNetworks } from "./evaluation/networks.ts";
import { openPreparedDataSet } from "./evaluation/prepared-data-set.ts";
import { writeEvaluation } from "./evaluation/written-evaluation.ts";

const USAGE = `Usage: npm run seal-bundle -- --run DIR --out DIR --name NAME --validation DIR --test DIR --networks DIR
         --cropper-data DIR --criterion DIR [--resamples 1000]
--run has export/ and recipe.json, as npm run demo-bundle makes them; --cropper-data has cropper.npz, --criterion evidence.csv.`;
const FILES = ["cropper.onnx", "cnn.onnx", "rnn.onnx", "golden.npz"];
const NEEDED = ["run", "out", "name", "validation", "test", "networks", "cropper-data", "criterion"] as const;
const UNCHANGED: CalibrationMatrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
});

async function main(): Promise<void> {
  const { run, out, name, resamples, ...dirs } = readOptions();
  forbidTelemetry();
  const threads = Math.min(availableParallelism(), 8);
  const recipe = await readRecipe(join(run, "recipe.json"));
  if (existsSync(out) && !existsSync(join(out, "manifest.json"))) {
    throw new Error(`${out} is there and is no bundle; it would be replaced. Name another folder.`);
  }
  // Built beside the old one, which stays until the new one is whole.
  const dir = `${out.replace(/\/+$/, "")}.unfinished`;
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  for (const file of FILES) await copyFile(join(run, "export", file), join(dir, file));
  const options = { dir, name, demo: true, features: recipe.features };
  const uncalibrated = await sealBundle({ ...options, gradeCalibrator: { icm: UNCHANGED, te: UNCHANGED } });

  const cropper = uncalibrated.manifest.networks.cropper.sha256;
  const validation = await openPreparedDataSet(dirs.validation, "validation", cropper);
  const test = await openPreparedDataSet(dirs.test, "test", cropper);
  const networks = await readNetworks(dirs.networks);
  const gradeCalibrator = await fittedCalibrator(dir, validation, { threads });
  const calibrated = await sealBundle({ ...options, gradeCalibrator });
  const evaluation = await evaluate({
    bundleDir: dir,
    dataSet: test,
    networks,
    recipe: { ...recipe },
    resamples,
    leaveOneClinicOut: networks.some(({ model }) => model.withoutClinic !== null),
    byFrames: true,
    threads,
    onProgress: (sentence) => console.error(sentence),
  });
  const report = await writeEvaluation(join(run, "report"), evaluation, test);
  const metrics = {
    evaluation: evaluation.report,
    cropper: await cropperMetrics(calibrated, dirs["cropper-data"], threads),
    outlines: await servedOutlines(calibrated, dirs.test, { threads, resamples }),
    criterion: await criterionRates(dirs.criterion),
  };
  await writeFile(join(dir, "metrics.json"), metricsJson(recipe, metrics));
  await writeFile(join(dir, "MODEL_CARD.md"), modelCard(calibrated.manifest, recipe, metrics));
  await sealBundle({ ...options, gradeCalibrator });
  await rm(out, { recursive: true, force: true });
  await rename(dir, out);
  const { evaluation: _, ...others } = metrics;
  console.log(JSON.stringify({ out, report, ...mainFigures(evaluation.report), ...others }));
}

function readOptions() {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(NEEDED.map((option) => [option, text])),
      resamples: { ...text, default: "1000" },
    },
  });
  const given = values as Readonly<Record<(typeof NEEDED)[number] | "resamples", string | undefined>>;
  const resamples = Number(given.resamples);
  if (!Number.isSafeInteger(resamples) || resamples < 1) throw new Error("--resamples wants a whole number from 1 on.");
  const missing = NEEDED.filter((option) => given[option] === undefined);
  if (missing.length > 0) throw new Error(`Missing: ${missing.map((option) => `--${option}`).join(", ")}.`);
  return { ...(given as Record<(typeof NEEDED)[number], string>), resamples };
}
