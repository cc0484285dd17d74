// How good a model bundle is on a data set: every clip through the model server, all figures of the paper, one page.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { forbidTelemetry } from "../adapters/config/telemetry.ts";
import { type LoadedBundle, loadBundle } from "../model-container/bundle/load-bundle.ts";
import type { Moment, MomentVariants } from "./dataset/moments.ts";
import { MOMENTS } from "./dataset/moments.ts";
import { prepareEmbryos } from "./dataset/prepare-embryos.ts";
import { type EvaluateArguments, readEvaluateArguments } from "./evaluation/arguments.ts";
import { evaluate, requireLeftOutClinics } from "./evaluation/evaluation.ts";
import { mainFigures } from "./evaluation/main-figures.ts";
import { type ComparisonNetwork, readNetworks } from "./evaluation/networks.ts";
import { type EvaluatedDataSet, openPreparedDataSet } from "./evaluation/prepared-data-set.ts";
import { writeEvaluation } from "./evaluation/written-evaluation.ts";

const USAGE = `Usage: npm run evaluate -- --dataset DIR --out DIR [--bundle model-container/models/demo] [--networks DIR]
         [--split test|validation|train|all] [--resamples 1000] [--leave-one-clinic-out] [--by-frames] [--threads N]
docs/evaluation.md says what a data set is and how to read the report.`;

/** 0 when the report was written, 1 when it could not be made, 2 when the call is wrong. */
process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});

async function main(): Promise<number> {
  let call: EvaluateArguments;
  try {
    call = readEvaluateArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  forbidTelemetry();
  const threads = call.threads ?? Math.min(availableParallelism(), 8);
  const networks = call.networksDir === null ? [] : await readNetworks(call.networksDir);
  // Before hours of preparation, not after them.
  if (call.leaveOneClinicOut) requireLeftOutClinics(networks);
  const bundle = await loadBundle(call.bundleDir);
  const dataSet = await openDataSet(call, bundle, networks, threads);
  const evaluation = await evaluate({
    ...call,
    dataSet,
    networks,
    threads,
    recipe: null,
    onProgress: (sentence) => console.error(sentence),
  });
  const report = await writeEvaluation(call.outDir, evaluation, dataSet);
  console.log(JSON.stringify({ report, ...mainFigures(evaluation.report) }));
  return 0;
}

/** A prepared data set as it is; anything else is prepared with the bundle's own cropper first. */
async function openDataSet(
  { dataSetDir, outDir, split }: EvaluateArguments,
  bundle: LoadedBundle,
  networks: readonly ComparisonNetwork[],
  threads: number,
): Promise<EvaluatedDataSet> {
  const { sha256, file } = bundle.manifest.networks.cropper;
  // A preparation that was interrupted has a journal and no manifest; opening it says what to do.
  const isPrepared = ["dataset.json", "journal.jsonl"].some((name) => existsSync(join(dataSetDir, name)));
  if (isPrepared) return await openPreparedDataSet(dataSetDir, split ?? "test", sha256);
  const out = join(outDir, "prepared");
  await prepareEmbryos({
    source: dataSetDir,
    out,
    cropper: join(bundle.dir, file),
    moments: momentsOf(networks),
    sequences: true,
    threads,
    progress: (done, of) => done % Math.ceil(of / 20) === 0 && console.error(`prepared: ${done} of ${of} embryos`),
  });
  // Nothing was trained on a source that is met here for the first time.
  return await openPreparedDataSet(out, split ?? "all", sha256);
}

/** The unshifted stills that the networks see; tA for the bundle's own CNN. */
function momentsOf(networks: readonly ComparisonNetwork[]): MomentVariants {
  const seen = new Set<Moment | string>(["tA", ...networks.flatMap(({ model }) => model.kind.moment ?? [])]);
  return Object.fromEntries(MOMENTS.filter((moment) => seen.has(moment)).map((moment) => [moment, 1]));
}
