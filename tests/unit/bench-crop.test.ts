import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { writeArchive } from "../../adapters/archive/zip-writer.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { archiveVariant, phantomArchiveFile, withFile } from "../../cli/bench/archives.ts";
import { runCrop, runIngest } from "../../cli/bench/crop-run.ts";
import { compressedSizes, neededBytes, neededFiles } from "../../cli/bench/needed-bytes.ts";
import { CROPPER_SIZE } from "../../core/cropping/embryo-mask.ts";
import type { EmbryoSegmenter, StageMeter } from "../../core/ports.ts";
import { cropSequence } from "../../core/stations/crop-sequence.ts";
import { readManifest } from "../../core/timelapse/ingest-archive.ts";
import { phantomEmbryo } from "../../phantom/index.ts";
import { greyPng } from "../builders/pictures.ts";

const PLANES_UM = [-60, -45, 0, 45, 60];
const EARLY_HOURS = 3;
const NEEDED_HOURS = 30;
/** Of each plane; as large as a picture of 500 x 500. */
const PICTURE_BYTES = 26_000;

/** A known archive: a capture an hour from 87 hpi on, and in each plane a picture of a known size. */
async function* knownEntries() {
  const hours = Array.from({ length: EARLY_HOURS + NEEDED_HOURS }, (_, hour) => 90 - EARLY_HOURS + hour);
  const frames = hours.flatMap((hpi) =>
    PLANES_UM.map((focalPlaneUm) => ({ file: `frames/${hpi}h_${focalPlaneUm}um.png`, hpi, focalPlaneUm })),
  );
  const manifest = { schema: "blastograde/time-lapse@1", embryoId: "known", frames };
  yield { name: "manifest.json", bytes: new TextEncoder().encode(JSON.stringify(manifest)) };
  const picture = await greyPng();
  for (const { file, focalPlaneUm } of frames) {
    // A PNG ends where it says it ends; what follows only takes room.
    const bytes = new Uint8Array(PICTURE_BYTES + focalPlaneUm);
    bytes.set(picture);
    yield { name: file, bytes };
  }
}

let folder: string;
let archive: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-crop-"));
  archive = join(folder, "known.zip");
  await writeArchive(archive, knownEntries());
});
afterAll(() => rm(folder, { recursive: true }));

const manifestOf = (file: string) =>
  withFile(file, async (source) => (await readManifest(await zipArchiveReader.open(source))).manifest);
const neededOf = async (file: string) => {
  const manifest = await manifestOf(file);
  return withFile(file, (source) => neededBytes(source, manifest));
};

describe("bytes that an archive's grading needs", () => {
  it("are those of the manifest and of three planes an hour from 90 hpi on", async () => {
    const needed = await neededOf(archive);

    expect(needed).toEqual({
      manifest: (await withFile(archive, compressedSizes)).get("manifest.json"),
      frames: 3 * NEEDED_HOURS * PICTURE_BYTES,
      pictures: 3 * NEEDED_HOURS,
      entries: PLANES_UM.length * (EARLY_HOURS + NEEDED_HOURS) + 1,
    });
    expect(neededFiles(await manifestOf(archive)).slice(0, 4)).toEqual(
      ["90h_-45um", "90h_0um", "90h_45um", "91h_-45um"].map((name) => `frames/${name}.png`),
    );
  });

  it("count compressed: the size that the reader would inflate is another", async () => {
    const sizes = await withFile(archive, compressedSizes);
    const { entries } = await withFile(archive, (source) => zipArchiveReader.open(source));

    expect([...sizes.keys()]).toEqual([...entries.keys()]);
    expect(sizes.get("frames/90h_0um.png")).toBe(PICTURE_BYTES);
    expect(sizes.get("manifest.json")).toBeLessThan(entries.get("manifest.json")!.size / 2);
  });

  it("are the same frames whatever lies around them", async () => {
    const variants = [archive, await archiveVariant(archive, "small"), await archiveVariant(archive, "large")];

    const needed = await Promise.all(variants.map(neededOf));

    const times = EARLY_HOURS + NEEDED_HOURS;
    expect(needed.map(({ entries }) => entries)).toEqual([5 * times + 1, 3 * times + 1, 15 * times + 1]);
    expect(new Set(needed.map(({ frames }) => frames)).size).toBe(1);
    expect(new Set(needed.map(({ pictures }) => pictures)).size).toBe(1);
  });
});

describe("phantom archive of the bench", () => {
  it("is drawn once, and again when the embryo is another", async () => {
    const options = { seed: 3, index: 1, instrument: "embryoscope", firstHpi: 100, lastHpi: 100 } as const;
    const said: string[] = [];
    const say = (sentence: string) => said.push(sentence);

    const first = await phantomArchiveFile(folder, phantomEmbryo(options), say);
    const again = await phantomArchiveFile(folder, phantomEmbryo(options), say);
    const other = await phantomArchiveFile(folder, phantomEmbryo({ ...options, latentIcm: 0.1 }), say);

    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(said.filter((sentence) => sentence.startsWith("drawing"))).toHaveLength(2);
  });
});

describe("crop station", () => {
  async function measured(options: { whole?: boolean } = {}) {
    const dataDir = await mkdtemp(join(folder, "run-"));
    const ingest = await runIngest(dataDir, archive);
    return { ingest, crop: await runCrop(dataDir, { segmenter: discSegmenter, ...options }) };
  }

  it("reads at most a tenth more of the upload than it needs, ingest included, and each picture once", async () => {
    const needed = await neededOf(archive);

    const { ingest, crop } = await measured();

    const read = ingest.bytes + crop.uploads.bytes;
    expect(read).toBeGreaterThan(needed.manifest + needed.frames);
    expect(read / (needed.manifest + needed.frames)).toBeLessThanOrEqual(1.1);
    // Ingest reads the zip's end, in which this directory lies, and the manifest; crop the same end, and the pictures.
    expect(ingest.reads).toBe(2);
    expect(crop.uploads.reads).toBe(1 + needed.pictures);
    expect(crop.stages.decode!.runs).toBe(needed.pictures);
  });

  it("is told from its alternative by the count: that one reads the whole upload", async () => {
    const { crop } = await measured({ whole: true });

    expect(crop.uploads).toEqual({ bytes: (await stat(archive)).size, reads: 1 });
  });

  it("can be measured again on the same upload", async () => {
    const dataDir = join(folder, "again");
    await mkdir(dataDir);
    await runIngest(dataDir, archive);

    const first = await runCrop(dataDir, { segmenter: discSegmenter });
    const second = await runCrop(dataDir, { segmenter: discSegmenter });

    expect(second.uploads).toEqual(first.uploads);
    expect(second.stages.write!.runs).toBe(1);
  });

  it("holds the full pictures of one time only: an hour is cropped before the next is read", async () => {
    const stages: string[] = [];
    const meter: StageMeter = {
      run: (stage, work) => {
        stages.push(stage);
        return work();
      },
    };
    const { frames } = await manifestOf(archive);

    await withFile(archive, async (source) => {
      const zip = await zipArchiveReader.open(source);
      const readFrame = (file: string) => zip.read(file);
      await cropSequence(frames, { pictures: sharpDecoder, segmenter: discSegmenter, meter, readFrame });
    });

    const hour = ["read", "decode", "read", "decode", "read", "decode", "segment", "network", "crop"];
    expect(stages).toEqual(Array.from({ length: stages.length / hour.length }, () => hour).flat());
    expect(stages.length).toBe(((await neededOf(archive)).pictures / 3) * hour.length);
  });
});

/** Sees an embryo in the middle of every picture, so large that it can only be a blastocyst. */
const discSegmenter: EmbryoSegmenter = {
  sha256: "c".repeat(64),
  segment: async (pictures) =>
    pictures.map(() =>
      Float32Array.from({ length: CROPPER_SIZE ** 2 }, (_, cell) => {
        const [x, y] = [cell % CROPPER_SIZE, Math.floor(cell / CROPPER_SIZE)];
        return Math.hypot(x - 31.5, y - 31.5) < 25 ? 1 : 0;
      }),
    ),
};
