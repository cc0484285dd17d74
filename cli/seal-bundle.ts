// Turns exported networks into a bundle: fits the calibrators on validation embryos, measures everything on embryos that no
// training saw, writes the reports and the card, seals.
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
import { demoCalibrator } from "./bundle/demo-calibrator.ts";
import { fittedCalibrator } from "./bundle/fitted-calibrator.ts";
import { modelCard } from "./bundle/model-card.ts";
import { readRecipe } from "./bundle/recipe.ts";
import { servedBranches } from "./bundle/served-branches.ts";
import { servedOutlines } from "./bundle/served-outlines.ts";
import { evaluate } from "./evaluation/evaluation.ts";
import { mainFigures } from "./evaluation/main-figures.ts";
import { readNetworks } from "./evaluation/networks.ts";
import { openPreparedDataSet } from "./evaluation/prepared-data-set.ts";
import { writeEvaluation } from "./evaluation/written-evaluation.ts";
import { calibratorBeside } from "./local-calibrator.ts";
import type { ReportArguments } from "./pregnancy/arguments.ts";
import { writeCalibrator } from "./pregnancy/calibrator-file.ts";
import { mainFigures as pregnancyFigures } from "./pregnancy/main-figures.ts";
import { measureNetworks, openTransfers } from "./pregnancy/measured-networks.ts";

const USAGE = `Usage: npm run seal-bundle -- --run DIR --out DIR --name NAME --validation DIR --test DIR --networks DIR
         --cropper-data DIR --criterion DIR --transfers DIR --pregnancy-networks DIR [--fitted-on YYYY-MM-DD] [--resamples 1000]
--run has export/ and recipe.json, as npm run demo-bundle makes them; --cropper-data has cropper.npz, --criterion evidence.csv.`;
const FILES = [
  "cropper.onnx",
  "cnn.onnx",
  "rnn.onnx",
  "golden.npz",
  "segmenter.onnx",
  "pregnancy.onnx",
  "golden-pregnancy.npz",
];
const NEEDED = [
  ...(["run", "out", "name", "validation", "test", "networks", "cropper-data", "criterion"] as const),
  ...(["transfers", "pregnancy-networks"] as const),
];
const PREGNANCY = { input: "enhanced", architecture: "resnet50" } as const;
/** Of the report's intervals on pregnancies. */
const SEED = 1;
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
  const { run, out, name, resamples, fittedOn, ...dirs } = readOptions();
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
  const options = { dir, name, demo: true, features: recipe.features, pregnancy: PREGNANCY };
  const unchanged = { icm: UNCHANGED, te: UNCHANGED };
  const uncalibrated = await sealBundle({ ...options, gradeCalibrator: unchanged, stillCalibrator: unchanged });

  const cropper = uncalibrated.manifest.networks.cropper.sha256;
  const validation = await openPreparedDataSet(dirs.validation, "validation", cropper);
  const test = await openPreparedDataSet(dirs.test, "test", cropper);
  const networks = await readNetworks(dirs.networks);
  const calibrators = {
    gradeCalibrator: await fittedCalibrator(dir, validation, { threads }),
    stillCalibrator: await fittedCalibrator(dir, validation, { threads, asStills: true }),
  };
  const calibrated = await sealBundle({ ...options, ...calibrators });
  const say = (sentence: string) => console.error(sentence);
  const call: ReportArguments = {
    bundleDir: dir,
    networksDir: dirs["pregnancy-networks"],
    segmenterFile: null,
    clipsDir: dirs.transfers,
    outDir: join(run, "pregnancy-report"),
    resamples,
    seed: SEED,
    threads,
  };
  const pregnancy = await measureNetworks(await openTransfers(call), call, say);
  const evaluation = await evaluate({
    bundleDir: dir,
    dataSet: test,
    networks,
    recipe: { ...recipe },
    resamples,
    leaveOneClinicOut: networks.some(({ model }) => model.withoutClinic !== null),
    byFrames: true,
    threads,
    onProgress: say,
  });
  const report = await writeEvaluation(join(run, "report"), evaluation, test);
  const metrics = {
    evaluation: evaluation.report,
    cropper: await cropperMetrics(calibrated, dirs["cropper-data"], threads),
    outlines: await servedOutlines(calibrated, dirs.test, { threads, resamples }),
    criterion: await criterionRates(dirs.criterion),
    branches: await servedBranches(dir, test, { threads, resamples }),
    pregnancy: pregnancy.report,
  };
  await writeFile(join(dir, "metrics.json"), metricsJson(recipe, metrics));
  await writeFile(join(dir, "MODEL_CARD.md"), modelCard(calibrated.manifest, recipe, metrics));
  await sealBundle({ ...options, ...calibrators });
  const calibrator = demoCalibrator(calibrated.manifest.modelSha256, pregnancy, fittedOn);
  await rm(out, { recursive: true, force: true });
  await rename(dir, out);
  await writeCalibrator(calibratorBeside(out), calibrator);
  const { evaluation: _, pregnancy: __, ...others } = metrics;
  const ofPregnancy = { page: pregnancy.page, ...pregnancyFigures(pregnancy.report) };
  console.log(JSON.stringify({ out, report, ...mainFigures(evaluation.report), ...others, pregnancy: ofPregnancy }));
}

function readOptions() {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(NEEDED.map((option) => [option, text])),
      resamples: { ...text, default: "1000" },
      "fitted-on": { ...text, default: new Date().toISOString().slice(0, 10) },
    },
  });
  const given = values as Readonly<Record<(typeof NEEDED)[number] | "resamples" | "fitted-on", string | undefined>>;
  const resamples = Number(given.resamples);
  if (!Number.isSafeInteger(resamples) || resamples < 1) throw new Error("--resamples wants a whole number from 1 on.");
  const missing = NEEDED.filter((option) => given[option] === undefined);
  if (missing.length > 0) throw new Error(`Missing: ${missing.map((option) => `--${option}`).join(", ")}.`);
  return { ...(given as Record<(typeof NEEDED)[number], string>), resamples, fittedOn: given["fitted-on"]! };
}
