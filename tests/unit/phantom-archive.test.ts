import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeArchive, zipArchive } from "../../adapters/archive/zip-writer.ts";
import { archiveEntries, framePicture, phantomEmbryo, phantomManifest } from "../../phantom/index.ts";

const entries = [
  { name: "manifest.json", bytes: new TextEncoder().encode('{"a":1}'.repeat(1000)) },
  { name: "frames/085.00h_+0um.jpg", bytes: new Uint8Array(50_000).map((_, i) => (i * 7919) >>> 3) },
];

async function* oneByOne() {
  yield* entries;
}

describe("zip writer", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "phantom-zip-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("gives the same bytes for the same entries, in a file as in memory", async () => {
    const file = join(folder, "a.zip");

    await writeArchive(file, oneByOne());
    const inMemory = await zipArchive(entries);

    expect(Buffer.compare(await readFile(file), inMemory)).toBe(0);
    expect(Buffer.compare(await zipArchive(entries), inMemory)).toBe(0);
  });

  it("stores pictures and compresses the manifest", async () => {
    const zip = await zipArchive(entries);

    expect(Buffer.from(zip).includes(Buffer.from(entries[1]!.bytes))).toBe(true);
    expect(zip.length).toBeLessThan(50_000 + 1000);
  });

  it("leaves nothing behind when an entry cannot be made", async () => {
    const file = join(folder, "a.zip");
    const broken = async function* () {
      yield* entries;
      throw new Error("no more pictures");
    };

    const writing = writeArchive(file, broken());

    await expect(writing).rejects.toThrow("no more pictures");
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("archiveEntries", () => {
  it("holds the manifest and every picture as it is when rendered alone", async () => {
    const embryo = phantomEmbryo({ seed: 7, index: 2, kind: "blastocyst", firstHpi: 110, lastHpi: 110.2 });
    const manifest = phantomManifest(embryo);

    const written: { name: string; bytes: Uint8Array }[] = [];
    for await (const entry of archiveEntries(embryo)) written.push(entry);

    const [first, ...pictures] = written;
    expect(JSON.parse(new TextDecoder().decode(first!.bytes))).toEqual(manifest);
    expect(pictures.map((picture) => picture.name)).toEqual(manifest.frames.map((frame) => frame.file));
    const { hpi, focalPlaneUm } = manifest.frames[4]!;
    expect(Buffer.compare(pictures[4]!.bytes, await framePicture(embryo, hpi, focalPlaneUm))).toBe(0);
  });
});
