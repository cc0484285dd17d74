// Fits a clinic's pregnancy calibrator to raw scores and outcomes of its own, for one model.
import { parseArgs } from "node:util";
import { z } from "zod";
import { Sha256 } from "../core/contracts/identifiers.ts";
import { calibrationBy } from "../core/pregnancy/calibration-map.ts";
import { crossFitted } from "../core/pregnancy/cross-fitting.ts";
import { fitPregnancyCalibrator } from "../core/pregnancy/pregnancy-calibrator.ts";
import { calibrationFigures } from "./calibration/calibration-figures.ts";
import { readScoreTable } from "./calibration/score-table.ts";
import { writeCalibrator } from "./pregnancy/calibrator-file.ts";

const USAGE = `Usage: npm run fit-calibrator -- --scores FILE.csv --score COLUMN --outcome COLUMN [--cycle COLUMN] --model-sha256 HEX
         --out FILE.json --description TEXT [--fitted-on YYYY-MM-DD] [--demo]
The file has a header; scores are raw ones, 0 to 1, of the one model that --model-sha256 names; outcomes are 0 or 1. --cycle:
rows of one value are one woman's. --description: whose embryos they are. --fitted-on: today, if it is not said.`;
const FOLDS = 5;
const SEED = 1;

/** 0 when the calibrator was written, 2 when the call or the file is wrong. */
process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 2;
});

async function main(): Promise<number> {
  let call: ReturnType<typeof readCall>;
  try {
    call = readCall();
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { file, columns, out, ...said } = call;
  const { cases, unknown } = await readScoreTable(file, columns);
  if (unknown > 0) console.error(`${unknown} rows without a score or an outcome are left out.`);
  const wrong = cases.find(({ score }) => score < 0 || score > 1);
  if (wrong !== undefined) {
    throw new Error(`${file} has ${columns.score} ${wrong.score}; a raw score lies between 0 and 1. Name its column.`);
  }
  const calibrator = fitPregnancyCalibrator(cases, { ...said, seed: SEED });
  const brier = (probabilities: readonly number[]) =>
    calibrationFigures(cases.map(({ positive }, n) => ({ probability: probabilities[n]!, observed: positive ? 1 : 0 })))
      .brier;
  const before = brier(cases.map(({ score }) => score));
  const after = brier(crossFitted(cases, calibrationBy(calibrator.method), { folds: FOLDS, seed: SEED }));
  const sha256 = await writeCalibrator(out, calibrator);
  const { method, sample } = calibrator;
  const { positives, cycles } = sample;
  console.log(
    JSON.stringify({ out, sha256, method, cases: cases.length, positives, cycles, brier: { before, after } }),
  );
  return 0;
}

/** @throws Error with a sentence on what is missing or wrong */
function readCall() {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      scores: text,
      score: text,
      outcome: text,
      cycle: text,
      "model-sha256": text,
      out: text,
      description: text,
      "fitted-on": { ...text, default: new Date().toISOString().slice(0, 10) },
      demo: { type: "boolean", default: false },
    },
  });
  const { scores: file, score, outcome, cycle, out, description, demo } = values;
  if (file === undefined) throw new Error("--scores is missing: a CSV file with a header.");
  if (score === undefined) throw new Error("--score is missing: the column with the raw scores.");
  if (outcome === undefined) throw new Error("--outcome is missing: the column with 0 or 1.");
  if (out === undefined) throw new Error("--out is missing: the calibrator's file.");
  if (description === undefined) throw new Error("--description is missing: whose embryos these are.");
  if (description.length < 1 || description.length > 500) throw new Error("--description wants 1 to 500 characters.");
  const modelSha256 = Sha256.safeParse(values["model-sha256"]);
  if (!modelSha256.success) {
    throw new Error(
      "--model-sha256 wants 64 lower-case hexadecimal digits: modelSha256 in the bundle's manifest.json.",
    );
  }
  const fittedOn = z.iso.date().safeParse(values["fitted-on"]);
  if (!fittedOn.success) throw new Error(`--fitted-on wants a date such as 2026-03-31, not ${values["fitted-on"]}.`);
  return {
    file,
    columns: { score, outcome, ...(cycle === undefined ? {} : { cycle }) },
    out,
    description,
    modelSha256: modelSha256.data,
    fittedOn: fittedOn.data,
    demo,
  };
}
