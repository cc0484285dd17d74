import { loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { openPreparedDataSet } from "../evaluation/prepared-data-set.ts";
import type { ReportArguments } from "./arguments.ts";
import { readPregnancyNetworks, readTissueSegmenter } from "./networks.ts";
import { type PregnancyReport, pregnancyReport } from "./report.ts";
import { type ScoredNetwork, scoreEmbryos } from "./scoring.ts";
import { readTransfers, type Transfer } from "./transfers.ts";
import { readTrueTissues } from "./true-tissues.ts";
import { writeReport } from "./written-report.ts";

/** Everything that a report is made of, read and checked, before the first network runs. */
export type OpenedTransfers = Awaited<ReturnType<typeof openTransfers>>;

export interface MeasuredNetworks {
  readonly report: PregnancyReport;
  /** Path of the page. */
  readonly page: string;
  readonly transfers: readonly Transfer[];
  readonly scored: readonly ScoredNetwork[];
}

/** @throws Error with a sentence on what is missing or wrong */
export async function openTransfers({ bundleDir, networksDir, segmenterFile, clipsDir }: ReportArguments) {
  const bundle = await loadBundle(bundleDir);
  const networks = await readPregnancyNetworks(networksDir, bundle);
  const segmenter = await readTissueSegmenter(segmenterFile, bundle);
  const dataSet = await openPreparedDataSet(clipsDir, "all", bundle.manifest.networks.cropper.sha256);
  const { transfers, leftOut } = await readTransfers(dataSet);
  const truth = await readTrueTissues(clipsDir, dataSet.embryos.length);
  return { bundle, networks, segmenter, dataSet, transfers, leftOut, truth };
}

/** Has every network score the embryos that it never saw, and writes the report on it; says how far it is. */
export async function measureNetworks(
  { dataSet, networks, transfers, ...others }: OpenedTransfers,
  { outDir, threads, resamples, seed }: Pick<ReportArguments, "outDir" | "threads" | "resamples" | "seed">,
  onProgress: (sentence: string) => void,
): Promise<MeasuredNetworks> {
  const { dir, embryos } = dataSet;
  onProgress(`${networks.length} networks score the embryos that they never saw.`);
  const told = (done: number, of: number) => {
    if (done % Math.ceil(of / 20) === 0) onProgress(`scored: ${done} of ${of} embryos`);
  };
  const scores = await scoreEmbryos({ dir, embryos, transfers, networks, threads, onProgress: told, ...others });
  onProgress(`scored: computing the figures over ${resamples} resamples.`);
  const report = await pregnancyReport({ dataSet, transfers, ...others, ...scores, resampling: { resamples, seed } });
  const page = await writeReport(outDir, report, transfers, scores.scored);
  return { report, page, transfers, scored: scores.scored };
}
