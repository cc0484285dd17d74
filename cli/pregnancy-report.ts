// How well pregnancies are predicted on a data set: every network on the embryos that it never saw, Kim's tables, one page.
import { forbidTelemetry } from "../adapters/config/telemetry.ts";
import { loadBundle } from "../model-container/bundle/load-bundle.ts";
import { openPreparedDataSet } from "./evaluation/prepared-data-set.ts";
import { type ReportArguments, readReportArguments } from "./pregnancy/arguments.ts";
import { mainFigures } from "./pregnancy/main-figures.ts";
import { readPregnancyNetworks, readTissueSegmenter } from "./pregnancy/networks.ts";
import { pregnancyReport } from "./pregnancy/report.ts";
import { scoreEmbryos } from "./pregnancy/scoring.ts";
import { readTransfers } from "./pregnancy/transfers.ts";
import { readTrueTissues } from "./pregnancy/true-tissues.ts";
import { writeReport } from "./pregnancy/written-report.ts";

const USAGE = `Usage: npm run pregnancy-report -- --clips DIR --out DIR [--networks DIR] [--bundle model-container/models/demo]
         [--segmenter FILE] [--resamples 1000] [--seed 1] [--threads N]
--clips: a prepared data set with clips, ages and outcomes. docs/evaluation.md says how to read the report.`;

/** 0 when the report was written, 1 when it could not be made, 2 when the call, the data set or the networks are wrong. */
process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});

async function main(): Promise<number> {
  let call: ReportArguments;
  try {
    call = readReportArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  forbidTelemetry();
  let opened: Awaited<ReturnType<typeof openAll>>;
  try {
    opened = await openAll(call);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const { dataSet, networks, transfers, ...others } = opened;
  const { dir, embryos } = dataSet;
  const { threads, resamples, seed } = call;
  console.error(`${networks.length} networks score the embryos that they never saw.`);
  const scores = await scoreEmbryos({ dir, embryos, transfers, networks, threads, onProgress: told, ...others });
  console.error(`scored: computing the figures over ${resamples} resamples.`);
  const report = await pregnancyReport({ dataSet, transfers, ...others, ...scores, resampling: { resamples, seed } });
  const page = await writeReport(call.outDir, report, transfers, scores.scored);
  console.log(JSON.stringify({ report: page, ...mainFigures(report) }));
  return 0;
}

/** Reads and checks everything before the first network runs. @throws Error with a sentence on what is missing or wrong */
async function openAll({ bundleDir, networksDir, segmenterFile, clipsDir }: ReportArguments) {
  const bundle = await loadBundle(bundleDir);
  const networks = await readPregnancyNetworks(networksDir, bundle);
  const segmenter = await readTissueSegmenter(segmenterFile, bundle);
  const dataSet = await openPreparedDataSet(clipsDir, "all", bundle.manifest.networks.cropper.sha256);
  const { transfers, leftOut } = await readTransfers(dataSet);
  const truth = await readTrueTissues(clipsDir, dataSet.embryos.length);
  return { bundle, networks, segmenter, dataSet, transfers, leftOut, truth };
}

function told(done: number, of: number): void {
  if (done % Math.ceil(of / 20) === 0) console.error(`scored: ${done} of ${of} embryos`);
}
