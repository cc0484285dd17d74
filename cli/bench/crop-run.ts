import { createReadStream } from "node:fs";
import { join } from "node:path";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { sharpDecoder, sharpEncoder } from "../../adapters/image/sharp-pictures.ts";
import { openFolderObjectStore } from "../../adapters/local/folder-object-store.ts";
import { openSqliteDatabase } from "../../adapters/local/sqlite-database.ts";
import { openSqliteGradingStore } from "../../adapters/local/sqlite-grading-store.ts";
import { systemClock } from "../../adapters/system/clock-and-ids.ts";
import type { Grading } from "../../core/contracts/grading.ts";
import type { ArchiveReader, EmbryoSegmenter, RandomAccess } from "../../core/ports.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { newGrading } from "../../core/stations/new-grading.ts";
import { type CountingStore, countingStore, type ReadCount } from "./counting-store.ts";
import { costMeter, type StageCost } from "./stage-meter.ts";

const CLINIC = "bench";
const GRADING = "bench";

/** Uploads an archive into a folder's store and runs the ingest station on it. @returns what ingest read of the upload */
export async function runIngest(dataDir: string, archive: string): Promise<ReadCount> {
  return withStores(dataDir, async ({ uploads, objects, gradings }) => {
    const receivedAt = systemClock.now().toISOString();
    await gradings.create(newGrading({ gradingId: GRADING, clinicId: CLINIC, ageYears: null, receivedAt }));
    const limits = { maxBytes: Number.POSITIVE_INFINITY };
    const stored = await uploads.writeStream(objectKeys.upload(CLINIC, GRADING), createReadStream(archive), limits);
    const cropJobs = { send: async () => {} };
    await ingestUpload(stored, { objects, gradings, archives: zipArchiveReader, cropJobs, clock: systemClock });
    await refuseOtherStatus(gradings, "cropping");
    return objects.uploads;
  });
}

export interface CropRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly stages: Record<string, StageCost>;
  readonly uploads: ReadCount;
  readonly others: ReadCount;
}

/**
 * Runs the crop station on what {@link runIngest} left in a folder, as often as wanted.
 *
 * @param options.whole the alternative that we compare with: reads the whole upload into memory first
 */
export async function runCrop(
  dataDir: string,
  options: { readonly segmenter: EmbryoSegmenter; readonly whole?: boolean },
): Promise<CropRun> {
  return withStores(dataDir, async ({ objects, gradings }) => {
    await gradings.change(GRADING, ["grading"], { status: "cropping" });
    const meter = costMeter();
    const job = { clinicId: CLINIC, gradingId: GRADING };
    const ports = {
      objects,
      gradings,
      archives: options.whole ? wholeArchiveReader : zipArchiveReader,
      pictures: sharpDecoder,
      previews: sharpEncoder,
      segmenter: options.segmenter,
      clips: npzClipFormat,
      endpoint: { invoke: async () => {} },
      clock: systemClock,
      meter,
    };
    await meter.run("all", () => cropEmbryo(job, ports));
    await refuseOtherStatus(gradings, "grading");
    const { all, ...stages } = meter.costs();
    const { seconds, cpuSeconds } = all!;
    return { seconds, cpuSeconds, stages, uploads: objects.uploads, others: objects.others };
  });
}

const wholeArchiveReader: ArchiveReader = {
  async open(source) {
    const bytes = await source.read(0, source.size);
    const memory: RandomAccess = {
      size: bytes.length,
      read: async (start, length) => bytes.subarray(start, start + length),
    };
    return zipArchiveReader.open(memory);
  },
};

type Gradings = ReturnType<typeof openSqliteGradingStore>;
type Uploads = Awaited<ReturnType<typeof openFolderObjectStore>>;

async function withStores<T>(
  dataDir: string,
  work: (stores: { uploads: Uploads; objects: CountingStore; gradings: Gradings }) => Promise<T>,
): Promise<T> {
  const uploads = await openFolderObjectStore({ root: join(dataDir, "objects") });
  const database = openSqliteDatabase({ file: join(dataDir, "bench.sqlite") });
  try {
    return await work({ uploads, objects: countingStore(uploads), gradings: openSqliteGradingStore({ database }) });
  } finally {
    database.close();
  }
}

/** A station that turned the archive down did less work than the one we want to measure. */
async function refuseOtherStatus(gradings: Gradings, wanted: Grading["status"]): Promise<void> {
  const grading = await gradings.find(GRADING);
  if (grading?.status === wanted) return;
  throw new Error(`The archive is ${grading?.status}, not ${wanted}: ${grading?.rejection?.detail}`);
}
