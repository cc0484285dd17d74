import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { zipArchiveReader, zipReader } from "../../adapters/archive/zip-archive.ts";
import { BlastogradeError, StorageUnavailable } from "../../core/errors.ts";
import type { RandomAccess } from "../../core/ports.ts";
import * as zips from "../builders/hostile-zips.ts";

const FILES = { "manifest.json": '{"frames":[]}', "a.png": "a".repeat(500), "b.png": "b".repeat(700) };

describe("zip archives", () => {
  it("lists files with size and checksum, without the folders", async () => {
    const zip = await zips.zipOf({ "frames/": "", "frames/a.png": "grey" });

    const archive = await zipArchiveReader.open(inMemory(zip));

    expect([...archive.entries.values()]).toMatchObject([{ name: "frames/a.png", size: 4, crc32: 0xe193fae2 }]);
  });

  it("gives back what was packed, stored or deflated, zip or zip64", async () => {
    const file = fc.tuple(fc.stringMatching(/^[a-z0-9]{1,8}\.png$/), fc.uint8Array({ maxLength: 300 }));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(file, { selector: ([name]) => name, minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.boolean(),
        async (files, compress, zip64) => {
          const zip = await zips.zipOf(Object.fromEntries(files), { compress, zip64 });

          const archive = await zipArchiveReader.open(inMemory(zip));

          expect([...archive.entries.keys()].sort()).toEqual(files.map(([name]) => name).sort());
          for (const [name, content] of files) expect(new Uint8Array(await archive.read(name))).toEqual(content);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reads an entry whose own header is longer than the directory's", async () => {
    const zip = zips.longLocalExtraZip("a.png", Buffer.from("grey"));

    const archive = await zipArchiveReader.open(inMemory(zip));

    expect(Buffer.from(await archive.read("a.png")).toString()).toBe("grey");
  });

  it("decodes names in UTF-8", async () => {
    const zip = await zips.zipOf({ "embryó/ä.png": "grey" });

    const archive = await zipArchiveReader.open(inMemory(zip));

    expect([...archive.entries.keys()]).toEqual(["embryó/ä.png"]);
  });

  it.each([
    ["a text", () => zips.notAZip(), "NOT_A_ZIP"],
    ["a single byte", () => Buffer.from("P"), "NOT_A_ZIP"],
    ["no bytes", () => zips.emptyUpload(), "ARCHIVE_EMPTY"],
    ["a zip without entries", () => zips.emptyZip(), "ARCHIVE_EMPTY"],
    ["a zip of folders alone", () => zips.zipOf({ "frames/": "" }), "ARCHIVE_EMPTY"],
    ["half a zip", () => zips.truncatedZip(FILES), "ARCHIVE_DAMAGED"],
    ["the first 10 bytes of a zip", async () => (await zips.zipOf(FILES)).subarray(0, 10), "ARCHIVE_DAMAGED"],
    ["a name twice", () => zips.duplicateNameZip(FILES, "a.png"), "ARCHIVE_DAMAGED"],
    ["entries that share bytes", () => zips.overlappingZip(FILES, "a.png", "b.png"), "ARCHIVE_DAMAGED"],
    ["an entry that is not counted", () => zips.hiddenEntryZip(FILES), "ARCHIVE_DAMAGED"],
    ["a name that leaves the archive", () => zips.traversalNameZip(FILES), "UNSAFE_ENTRY_NAME"],
    ["a name that leaves by a folder", () => zips.zipWithName(FILES, "a/../../b.png"), "UNSAFE_ENTRY_NAME"],
    ["an absolute name", () => zips.absoluteNameZip(FILES), "UNSAFE_ENTRY_NAME"],
    ["a name with a drive", () => zips.zipWithName(FILES, "C:/evil.png"), "UNSAFE_ENTRY_NAME"],
    ["a name with backslashes", () => zips.zipWithName(FILES, "..\\evil.png"), "UNSAFE_ENTRY_NAME"],
    ["a name with a NUL", () => zips.zipWithName(FILES, "a.png\0.exe"), "UNSAFE_ENTRY_NAME"],
    ["a folder that leaves the archive", () => zips.zipWithName(FILES, "../evil/"), "UNSAFE_ENTRY_NAME"],
    ["an encrypted entry", () => zips.encryptedZip(FILES, "a.png"), "ARCHIVE_UNSUPPORTED"],
    ["a strongly encrypted entry", () => zips.stronglyEncryptedZip(FILES, "a.png"), "ARCHIVE_UNSUPPORTED"],
    ["an entry packed by LZMA", () => zips.lzmaZip(FILES, "a.png"), "ARCHIVE_UNSUPPORTED"],
    ["a bomb that says so", () => zips.bombZip(FILES), "ARCHIVE_TOO_LARGE"],
  ])("refuses %s when it is opened", async (_what, build, code) => {
    const bytes = await build();

    const opening = zipArchiveReader.open(inMemory(bytes));

    await expect(opening).rejects.toMatchObject({ code, retryable: false });
  });

  it.each([
    ["promises fewer bytes", () => zips.lyingSizeZip(FILES, "a.png", 499)],
    ["promises no bytes", () => zips.lyingSizeZip(FILES, "a.png", 0)],
    ["promises more bytes", () => zips.lyingSizeZip(FILES, "a.png", 501)],
    ["has another checksum", () => zips.wrongCrcZip(FILES, "a.png")],
    ["is a bomb that says it is small", () => zips.lyingBombZip(FILES, "a.png")],
  ])("refuses an entry that %s when it is read, and names it", async (_what, build) => {
    const archive = await zipArchiveReader.open(inMemory(await build()));

    const reading = archive.read("a.png");

    await expect(reading).rejects.toMatchObject({ code: "ARCHIVE_DAMAGED", message: expect.stringContaining("a.png") });
  });

  it("stops unpacking a bomb at the size it promised", async () => {
    const archive = await zipArchiveReader.open(inMemory(await zips.lyingBombZip(FILES, "a.png")));

    const reading = archive.read("a.png");

    await expect(reading).rejects.toMatchObject({ cause: { code: "ERR_BUFFER_TOO_LARGE" } });
  });

  it("still reads the other entries of an archive with one damaged entry", async () => {
    const archive = await zipArchiveReader.open(inMemory(await zips.wrongCrcZip(FILES, "a.png")));

    const other = await archive.read("b.png");

    expect(Buffer.from(other).toString()).toBe(FILES["b.png"]);
  });

  it("refuses more entries than its limit", async () => {
    const zip = await zips.zipOf(FILES);

    const opening = zipReader({ entriesAtMost: 2 }).open(inMemory(zip));

    await expect(opening).rejects.toMatchObject({ code: "ARCHIVE_TOO_LARGE" });
  });

  it("refuses a directory larger than its limit before it has read it", async () => {
    const zip = await zips.zipOf(manyFiles(3000, 10), { compress: false });
    const source = inMemory(zip);

    const opening = zipReader({ directoryBytesAtMost: 100_000 }).open(source);

    await expect(opening).rejects.toMatchObject({ code: "ARCHIVE_TOO_LARGE" });
    expect(source.bytesRead).toBeLessThan(100_000);
  });

  it("passes on a failure of the store as it is, from the directory and from an entry", async () => {
    const zip = await zips.zipOf(FILES);
    const failure = new StorageUnavailable("The store does not answer.");
    const source = inMemory(zip);
    const archive = await zipArchiveReader.open(source);

    source.failOnce = failure;
    await expect(zipArchiveReader.open(source)).rejects.toBe(failure);

    source.failOnce = failure;
    await expect(archive.read("a.png")).rejects.toBe(failure);
  });

  it("passes on a failure of the store in the middle of the directory", async () => {
    const source = inMemory(await zips.zipOf(manyFiles(3000, 10)));
    const failure = new StorageUnavailable("The store does not answer.");
    const read = source.read.bind(source);
    const failing: RandomAccess = {
      size: source.size,
      read: (start, length) => (source.reads === 0 ? read(start, length) : Promise.reject(failure)),
    };

    const opening = zipArchiveReader.open(failing);

    await expect(opening).rejects.toBe(failure);
  });
});

describe("reading by ranges", () => {
  it("reads the directory of 2,651 entries in two ranges", async () => {
    const source = inMemory(await zips.zipOf(manyFiles(2651, 20)));

    const archive = await zipArchiveReader.open(source);

    expect(archive.entries.size).toBe(2651);
    expect(source.reads).toBe(2);
  });

  it("reads 3 of 100 entries in one range each, within 1.1 times their bytes", async () => {
    const source = inMemory(await zips.zipOf(manyFiles(100, 20_000)));
    const archive = await zipArchiveReader.open(source);
    const [before, readsBefore] = [source.bytesRead, source.reads];

    for (const name of ["frame0010.png", "frame0050.png", "frame0099.png"]) await archive.read(name);

    expect(source.reads - readsBefore).toBe(3);
    expect(source.bytesRead - before).toBeLessThanOrEqual(1.1 * 3 * 20_000);
    expect(before).toBeLessThanOrEqual(65_536 + 100);
  });
});

describe("hostile bytes", () => {
  it("ends in one of our own errors or in the right content, whatever is flipped", async () => {
    const zip = await zips.zipOf(FILES);
    const flips = fc.array(fc.tuple(fc.nat(zip.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(flips, fc.nat(zip.length), async (changes, length) => {
        const damaged = Buffer.from(zip);
        for (const [at, value] of changes) damaged[at] = value;

        await readEverything(damaged);
        await readEverything(damaged.subarray(0, length));
      }),
      { numRuns: 500 },
    );
  });

  it("ends in one of our own errors for bytes that only end like a zip", async () => {
    const end = Buffer.from("504b050600000000ffff", "hex");
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        async (a, b) => {
          await readEverything(Buffer.concat([a, end, b.fill(0, 10)]));
        },
      ),
      { numRuns: 300 },
    );
  });
});

async function readEverything(bytes: Buffer): Promise<void> {
  try {
    const archive = await zipArchiveReader.open(inMemory(bytes));
    for (const name of archive.entries.keys()) await archive.read(name);
  } catch (error) {
    expect(error).toBeInstanceOf(BlastogradeError);
  }
}

function manyFiles(count: number, size: number): Record<string, Uint8Array> {
  // Random content does not compress, so that the entries have about the size said.
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`frame${String(index).padStart(4, "0")}.png`, randomBytes(size)]),
  );
}

function inMemory(bytes: Uint8Array) {
  return {
    size: bytes.length,
    reads: 0,
    bytesRead: 0,
    failOnce: null as Error | null,
    async read(start: number, length: number): Promise<Uint8Array> {
      const failure = this.failOnce;
      this.failOnce = null;
      if (failure !== null) throw failure;
      if (start < 0 || length < 0) throw new RangeError(`read(${start}, ${length})`);
      this.reads++;
      const range = bytes.subarray(start, start + length);
      this.bytesRead += range.length;
      return range;
    },
  };
}
