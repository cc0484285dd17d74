// The bench: one JSON line a benchmark on standard output, progress on standard error. Asserts nothing.
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Bench } from "./bench/bench.ts";
import { benchColdStart } from "./bench/cold-start.ts";
import { benchCropStation } from "./bench/crop-station.ts";
import { rounded } from "./bench/figures.ts";
import { benchFunctions } from "./bench/functions.ts";
import { benchInference } from "./bench/inference.ts";
import { benchMainJob } from "./bench/main-job.ts";
import { benchPregnancy } from "./bench/pregnancy.ts";

const BENCHES: Readonly<Record<string, Bench>> = {
  inference: benchInference,
  pregnancy: benchPregnancy,
  crop: benchCropStation,
  "main-job": benchMainJob,
  "cold-start": benchColdStart,
  functions: benchFunctions,
};
const NAMES = Object.keys(BENCHES);
const FOLDER = ".bench";
const USAGE = `Usage: npm run bench [-- --only ${NAMES.join(",")}] [--repeats 3]`;

process.exitCode = await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  return 2;
});

async function main(): Promise<number> {
  const { only, repeats } = readArguments();
  for (const name of only) {
    // Read before, since a benchmark makes load of its own.
    const loadAverage = rounded(loadavg()[0]!);
    const say = (sentence: string) => console.error(`${name}: ${sentence}`);
    const { name: lineName, ...figures } = await BENCHES[name]!({ folder: FOLDER, repeats, say });
    const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model, node: process.version, loadAverage };
    console.log(JSON.stringify({ name: lineName, ...figures, repeats, ...machine }));
  }
  return 0;
}

function readArguments() {
  const { values } = parseArgs({
    options: { only: { type: "string", default: NAMES.join(",") }, repeats: { type: "string", default: "3" } },
  });
  const only = values.only.split(",");
  for (const name of only) {
    if (!NAMES.includes(name)) throw new Error(`There is no benchmark ${name}.`);
  }
  const repeats = Number(values.repeats);
  if (!Number.isSafeInteger(repeats) || repeats < 1) throw new Error(`--repeats is a whole number from 1 on.`);
  return { only, repeats };
}
