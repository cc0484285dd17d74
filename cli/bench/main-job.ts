import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { median } from "../../core/statistics/median.ts";
import { phantomEmbryo } from "../../phantom/index.ts";
import { archiveFile, gradedUpload, type Send, uploadArchive } from "../client.ts";
import { openLocalService } from "../local.ts";
import { phantomArchiveFile } from "./archives.ts";
import type { Bench } from "./bench.ts";
import { DEMO_BUNDLE } from "./bundles.ts";
import { mapValues, ratio, rounded } from "./figures.ts";
import { type CostMeter, CROPPER_NETWORK, costMeter } from "./stage-meter.ts";

/** An ordinary archive: 500 x 500, 7 planes, 4 times an hour. */
const EMBRYO = phantomEmbryo({
  seed: 2019,
  index: 1,
  instrument: "embryoscope",
  kind: "blastocyst",
  firstHpi: 85,
  lastHpi: 125,
  spacingMinutes: 15,
  latentIcm: 0.9,
  latentTe: 0.9,
});
const THREADS = 2;
/** pino's number of the level that the model server logs its invocations at. */
const INFO = 30;

/**
 * The main job with the demo bundle in a warm service, upload to grades as `npm run grade` asks for them, and the share of
 * it that no network takes. The alternative to one archive after the other is both at once: a station can then work on
 * the one while another works on the other.
 */
export const benchMainJob: Bench = async ({ folder, repeats, say }) => {
  const archive = await phantomArchiveFile(join(folder, "archives"), EMBRYO, say);
  await mkdir(folder, { recursive: true });
  const dataDir = await mkdtemp(join(folder, "main-job-"));
  const stages: { current: CostMeter } = { current: costMeter() };
  const server = invocationSeconds();
  const service = await openLocalService({
    dataDir,
    clinicId: "bench",
    modelBundle: DEMO_BUNDLE,
    modelThreads: THREADS,
    logger: server.logger,
    meter: { run: (stage, work) => stages.current.run(stage, work) },
  });
  try {
    const send: Send = async (path, init) => service.app.request(path, init);
    await graded(send, archive);
    const single: { seconds: number; server: number; stages: Record<string, number> }[] = [];
    const inTurn: number[] = [];
    const atOnce: number[] = [];
    for (let repeat = 1; repeat <= repeats; repeat++) {
      stages.current = costMeter();
      server.reset();
      const first = await seconds(() => graded(send, archive));
      const byStage = mapValues(stages.current.costs(), (cost) => cost.seconds);
      single.push({ seconds: first, server: server.seconds(), stages: byStage });
      inTurn.push(first + (await seconds(() => graded(send, archive))));
      atOnce.push(await seconds(() => Promise.all([graded(send, archive), graded(send, archive)])));
      say(`run ${repeat}: ${mapText({ one: first, twoInTurn: inTurn.at(-1)!, twoAtOnce: atOnce.at(-1)! })}`);
    }
    const { [CROPPER_NETWORK]: _network, ...stationStages } = single[0]!.stages;
    return {
      name: "main-job",
      threads: THREADS,
      seconds: rounded(median(single.map((run) => run.seconds))),
      modelServerSeconds: rounded(median(single.map((run) => run.server))),
      cropperNetworkSeconds: rounded(median(single.map((run) => run.stages[CROPPER_NETWORK]!))),
      ratioOutsideModels: rounded(
        median(single.map((run) => 1 - (run.server + run.stages[CROPPER_NETWORK]!) / run.seconds)),
      ),
      cropSecondsByStage: mapValues(stationStages, (_, stage) =>
        rounded(median(single.map((run) => run.stages[stage]!))),
      ),
      secondsTwoInTurn: rounded(median(inTurn)),
      secondsTwoAtOnce: rounded(median(atOnce)),
      ratioTwoAtOnce: ratio(median(atOnce), median(inTurn)),
    };
  } finally {
    await service.close();
    await rm(dataDir, { recursive: true });
  }
};

async function graded(send: Send, archive: string): Promise<void> {
  const answer = await gradedUpload(send, await uploadArchive(send, await archiveFile(archive)));
  if (answer.status !== "graded") throw new Error(`The archive was not graded: ${answer.rejection?.detail}`);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1e3;
}

function mapText(figures: Record<string, number>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toFixed(2)} s`)
    .join(", ");
}

/** A logger for the model server that adds up the time of its invocations, as it logs them; warnings go on to stderr. */
function invocationSeconds() {
  let total = 0;
  const logger = pino(
    { level: "info" },
    {
      write(line) {
        const { level, ms } = JSON.parse(line) as { level: number; ms?: number };
        if (ms !== undefined) total += ms / 1e3;
        if (level > INFO) process.stderr.write(line);
      },
    },
  );
  return {
    logger,
    seconds: () => total,
    reset: () => {
      total = 0;
    },
  };
}
