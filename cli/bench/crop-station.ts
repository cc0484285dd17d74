import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { median } from "../../core/statistics/median.ts";
import { readManifest } from "../../core/timelapse/ingest-archive.ts";
import { phantomEmbryo } from "../../phantom/index.ts";
import { archiveVariant, phantomArchiveFile, withFile } from "./archives.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { DEMO_BUNDLE } from "./bundles.ts";
import type { ReadCount } from "./counting-store.ts";
import type { CropProcessRun } from "./crop-process.ts";
import { runIngest } from "./crop-run.ts";
import { mapValues, mebibytes, ratio, rounded } from "./figures.ts";
import { type NeededBytes, neededBytes } from "./needed-bytes.ts";
import { outputOf } from "./output-of.ts";
import { CROPPER_NETWORK } from "./stage-meter.ts";

/** An EmbryoScope+ archive as large as they come: 240 times in 11 planes of 800 x 800. */
const EMBRYO = phantomEmbryo({
  seed: 2019,
  index: 1,
  instrument: "embryoscope-plus",
  kind: "blastocyst",
  firstHpi: 85,
  lastHpi: 125,
  spacingMinutes: 10,
  latentIcm: 0.9,
  latentTe: 0.9,
});

const CROP_PROCESS = join(import.meta.dirname, "crop-process.ts");

/**
 * The crop station: CPU by stage, bytes read against bytes needed, and peak memory over archives of one embryo that
 * differ only in what surrounds the frames it needs. The alternative reads the whole archive into memory.
 */
export const benchCropStation: Bench = async ({ folder, repeats, say }) => {
  const full = await phantomArchiveFile(join(folder, "archives"), EMBRYO, say);
  const dataDirs = await mkdtemp(join(await made(folder), "crop-"));
  try {
    const archives = {
      full: await prepare(full, join(dataDirs, "full")),
      small: await prepare(await archiveVariant(full, "small"), join(dataDirs, "small")),
      large: await prepare(await archiveVariant(full, "large"), join(dataDirs, "large")),
    };
    const ways = {
      full: { dataDir: archives.full.dataDir, reading: "ranges" },
      small: { dataDir: archives.small.dataDir, reading: "ranges" },
      large: { dataDir: archives.large.dataDir, reading: "ranges" },
      whole: { dataDir: archives.full.dataDir, reading: "whole" },
    } as const;
    const runs = await alternating(ways, repeats, say);
    return {
      name: "crop-station",
      archives: mapValues(archives, ({ needed, bytes }) => ({ entries: needed.entries, mebibytes: mebibytes(bytes) })),
      pictures: archives.full.needed.pictures,
      ...costs(runs.full),
      ...reads(archives.full, runs.full[0]!),
      /** The zip's directory is the one thing whose size follows the number of entries. */
      ratioBytesReadLarge: ratioBytesRead(archives.large, runs.large[0]!),
      ratioBytesReadWhole: ratio(runs.whole[0]!.uploads.bytes, archives.full.needed.frames),
      ...memory(runs),
      ratioSecondsWhole: ratio(
        median(runs.whole.map(({ seconds }) => seconds)),
        median(runs.full.map(({ seconds }) => seconds)),
      ),
    };
  } finally {
    await rm(dataDirs, { recursive: true });
  }
};

interface Prepared {
  readonly dataDir: string;
  /** Size of the archive. */
  readonly bytes: number;
  readonly needed: NeededBytes;
  readonly ingest: ReadCount;
}

async function prepare(archive: string, dataDir: string): Promise<Prepared> {
  const needed = await withFile(archive, async (source) => {
    const { manifest } = await readManifest(await zipArchiveReader.open(source));
    return neededBytes(source, manifest);
  });
  return { dataDir, bytes: (await stat(archive)).size, needed, ingest: await runIngest(dataDir, archive) };
}

async function alternating<Way extends string>(
  ways: Readonly<Record<Way, { readonly dataDir: string; readonly reading: "ranges" | "whole" }>>,
  repeats: number,
  say: BenchOptions["say"],
): Promise<Record<Way, CropProcessRun[]>> {
  const runs = mapValues(ways, (): CropProcessRun[] => []);
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const [way, { dataDir, reading }] of Object.entries(ways) as [Way, (typeof ways)[Way]][]) {
      const json = await outputOf(process.execPath, [CROP_PROCESS, dataDir, DEMO_BUNDLE, reading]);
      const run = JSON.parse(json) as CropProcessRun;
      say(`run ${repeat}, ${way}: ${run.seconds.toFixed(2)} s, peak ${mebibytes(run.peakMemory)} MiB`);
      runs[way].push(run);
    }
  }
  return runs;
}

function costs(runs: readonly CropProcessRun[]) {
  const cpuOf = (stage: string) => rounded(median(runs.map(({ stages }) => stages[stage]!.cpuSeconds)));
  const { [CROPPER_NETWORK]: _network, ...stages } = runs[0]!.stages;
  return {
    seconds: rounded(median(runs.map(({ seconds }) => seconds))),
    cpuSeconds: rounded(median(runs.map(({ cpuSeconds }) => cpuSeconds))),
    cpuSecondsByStage: Object.fromEntries(Object.keys(stages).map((stage) => [stage, cpuOf(stage)])),
    /** Part of the stage `segment`. */
    cropperNetworkCpuSeconds: cpuOf(CROPPER_NETWORK),
  };
}

function ratioBytesRead(
  { needed, ingest }: Pick<Prepared, "needed" | "ingest">,
  { uploads }: Pick<CropProcessRun, "uploads">,
): number {
  return ratio(ingest.bytes + uploads.bytes, needed.manifest + needed.frames);
}

function reads({ needed, ingest }: Prepared, { uploads, others }: CropProcessRun) {
  return {
    bytesNeeded: needed.manifest + needed.frames,
    bytesRead: ingest.bytes + uploads.bytes,
    requests: ingest.reads + uploads.reads,
    /** Everything that ingest and crop read of the upload, the zip's directory twice included. */
    ratioBytesRead: ratioBytesRead({ needed, ingest }, { uploads }),
    ratioBytesReadByCrop: ratio(uploads.bytes, needed.frames),
    /** Ingest's answer, which is no part of the upload. */
    bytesReadOfTimeLapse: others.bytes,
  };
}

function memory(runs: Record<"full" | "small" | "large" | "whole", readonly CropProcessRun[]>) {
  const peaks = mapValues(runs, (of) => median(of.map(({ peakMemory }) => peakMemory)));
  return {
    startMebibytes: mebibytes(median(runs.full.map(({ startMemory }) => startMemory))),
    peakMebibytes: mapValues(peaks, mebibytes),
    /** 1 where memory does not grow with the archive: same needed frames, more of the others. */
    ratioPeakMemory: ratio(peaks.full, peaks.small),
    ratioPeakMemoryLarge: ratio(peaks.large, peaks.small),
    ratioPeakMemoryWhole: ratio(peaks.whole, peaks.full),
  };
}

async function made(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}
