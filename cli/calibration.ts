// How far scores can be read as probabilities, before and after isotonic calibration, for any table of scores and outcomes.
import { parseArgs } from "node:util";
import { wholeNumber } from "../core/contracts/whole-number.ts";
import { crossFittedIsotonic } from "../core/pregnancy/cross-fitting.ts";
import type { Forecast } from "../core/statistics/reliability.ts";
import { calibrationFigures, notProbabilities } from "./calibration/calibration-figures.ts";
import { readScoreTable } from "./calibration/score-table.ts";

const USAGE = `Usage: npm run calibration -- --scores FILE.csv --score COLUMN --outcome COLUMN [--cycle COLUMN] [--descending]
         [--folds 5] [--seed 1]
The file has a header; outcomes are 0 or 1. --cycle: rows of one value stay in one fold; --descending: a lower score speaks
for the outcome, as an age does. "after" is isotonic calibration, each case by a calibrator fitted to the other folds.`;

/** 0 when the figures were printed, 2 when the call or the file is wrong. */
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
  const { file, columns, descending, folds, seed } = call;
  const { cases, unknown } = await readScoreTable(file, columns);
  if (unknown > 0) console.error(`${unknown} rows without a score or an outcome are left out.`);
  const positives = cases.filter(({ positive }) => positive).length;
  if (positives === 0 || positives === cases.length) {
    throw new Error(`Of ${cases.length} cases ${positives} have the outcome: there is nothing to tell apart.`);
  }
  const rising = cases.map((one) => ({ ...one, score: descending ? -one.score : one.score }));
  const after = crossFittedIsotonic(rising, { folds, seed });
  const forecasts = (probabilities: readonly number[]): Forecast[] =>
    cases.map(({ positive }, n) => ({ probability: probabilities[n]!, observed: positive ? 1 : 0 }));
  const scores = cases.map(({ score }) => score);
  const areProbabilities = !descending && scores.every((score) => score >= 0 && score <= 1);
  if (!areProbabilities)
    console.error(`${columns.score} is no probability, so that there are no figures before calibration.`);
  const before = areProbabilities ? calibrationFigures(forecasts(scores)) : notProbabilities(cases.length);
  console.log(JSON.stringify({ before, after: calibrationFigures(forecasts(after)) }));
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
      descending: { type: "boolean", default: false },
      folds: { ...text, default: "5" },
      seed: { ...text, default: "1" },
    },
  });
  const { scores: file, score, outcome, cycle, descending } = values;
  if (file === undefined) throw new Error("--scores is missing: a CSV file with a header.");
  if (score === undefined) throw new Error("--score is missing: the column with the scores.");
  if (outcome === undefined) throw new Error("--outcome is missing: the column with 0 or 1.");
  const whole = (name: "folds" | "seed", from: number, to: number) => {
    const parsed = wholeNumber(from, to).safeParse(values[name]);
    if (!parsed.success) throw new Error(`--${name} ${parsed.error.issues[0]!.message}, not ${values[name]}.`);
    return parsed.data;
  };
  return {
    file,
    columns: { score, outcome, ...(cycle === undefined ? {} : { cycle }) },
    descending,
    folds: whole("folds", 2, 1000),
    seed: whole("seed", 0, 999_999_999),
  };
}
