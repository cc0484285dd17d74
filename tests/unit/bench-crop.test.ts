import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { archiveVariant, phantomArchiveFile, withFile } from "../../cli/bench/archives.ts";
import { runCrop, runIngest } from "../../cli/bench/crop-run.ts";
import { compressedSizes, neededBytes, neededFiles } from "../../cli/bench/needed-bytes.ts";
import { CROPPER_SIZE } from "../../core/cropping/embryo-mask.ts";
import type { EmbryoSegmenter, StageMeter } from "../../core/ports.ts";
import { cropSequence } from "../../core/stations/crop-sequence.ts";
import { readManifest } from "../../core/timelapse/ingest-archive.ts";
import { phantomEmbryo } from "../../phantom/index.ts";

/** A capture an hour: so few that what an archive costs beyond its frames weighs more than in a real one. */
const EMBRYO = phantomEmbryo({
  seed: 3,
  index: 1,
  instrument: "embryoscope",
  kind: "blastocyst",
  firstHpi: 85,
  lastHpi: 120,
  spacingMinutes: 60,
  latentIcm: 0.9,
  latentTe: 0.9,
});

let folder: string;
let archive: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-crop-"));
  archive = await phantomArchiveFile(folder, EMBRYO, () => {});
});
afterAll(() => rm(folder, { recursive: true }));

const manifestOf = (file: string) =>
  withFile(file, async (source) => (await readManifest(await zipArchiveReader.open(source))).manifest);
const neededOf = async (file: string) => {
  const manifest = await manifestOf(file);
  return withFile(file, (source) => neededBytes(source, manifest));
};

describe("bytes that an archive's grading needs", () => {
  it("are those of the manifest and of three planes an hour", async () => {
    const manifest = await manifestOf(archive);
    const sizes = await withFile(archive, compressedSizes);
    const zipped = await withFile(archive, async (source) => (await zipArchiveReader.open(source)).entries);

    const files = neededFiles(manifest);
    const needed = await neededOf(archive);

    expect(sizes.size).toBe(EMBRYO.captureHpi.length * 7 + 1);
    // Pictures are stored as they are, so that their size is known without the directory.
    for (const file of files) expect(sizes.get(file)).toBe(zipped.get(file)!.size);
    expect(sizes.get("manifest.json")).toBeLessThan(zipped.get("manifest.json")!.size);
    const planes = manifest.frames.filter(({ file }) => files.includes(file)).map(({ focalPlaneUm }) => focalPlaneUm);
    const hours = needed.pictures / 3;
    expect(hours).toBe(EMBRYO.captureHpi.filter((hpi) => hpi >= 90).length);
    expect(planes).toEqual(Array.from({ length: hours }, () => [-45, 0, 45]).flat());
    expect(needed.frames).toBe(files.reduce((sum, file) => sum + sizes.get(file)!, 0));
  });

  it("are the same frames whatever lies around them", async () => {
    const variants = [archive, await archiveVariant(archive, "small"), await archiveVariant(archive, "large")];

    const needed = await Promise.all(variants.map(neededOf));

    const entries = EMBRYO.captureHpi.length * 7;
    expect(needed.map((each) => each.entries)).toEqual([entries + 1, (entries * 3) / 7 + 1, entries * 3 + 1]);
    expect(new Set(needed.map((each) => each.frames)).size).toBe(1);
    expect(new Set(needed.map((each) => each.pictures)).size).toBe(1);
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
    // Ingest: the directory's end, the rest of it, the manifest. Crop: the directory again, then the pictures.
    expect(ingest.reads).toBe(3);
    expect(crop.uploads.reads).toBe(2 + needed.pictures);
    expect(crop.stages["decode"]!.runs).toBe(needed.pictures);
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
    expect(second.stages["write"]!.runs).toBe(1);
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

/** Sees an embryo in the middle of every picture. */
const discSegmenter: EmbryoSegmenter = {
  sha256: "c".repeat(64),
  segment: async (pictures) =>
    pictures.map(() =>
      Float32Array.from({ length: CROPPER_SIZE ** 2 }, (_, cell) => {
        const [x, y] = [cell % CROPPER_SIZE, Math.floor(cell / CROPPER_SIZE)];
        return Math.hypot(x - 31.5, y - 31.5) < 20 ? 1 : 0;
      }),
    ),
};
