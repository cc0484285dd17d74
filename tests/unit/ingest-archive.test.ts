import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../core/contracts/time-lapse.ts";
import type { ArchiveEntry, OpenArchive } from "../../core/ports.ts";
import { archiveDigest, ingestArchive, readManifest } from "../../core/timelapse/ingest-archive.ts";

const PLANES_UM = [-45, 0, 45];

const stack = (hpi: number, planesUm: readonly number[] = PLANES_UM): Frame[] =>
  planesUm.map((focalPlaneUm) => ({ file: `${hpi}h/${focalPlaneUm}.jpg`, hpi, focalPlaneUm }));

/** An archive of these frames, none of which has a picture behind it: ingest reads none. */
function archiveOf(frames: readonly Frame[], manifest: object = {}, withheld: readonly string[] = []): OpenArchive {
  const json = { schema: "blastograde/time-lapse@1", embryoId: "e-1", frames, ...manifest };
  return openArchive({ "manifest.json": JSON.stringify(json) }, frames, withheld);
}

function openArchive(
  texts: Record<string, string>,
  frames: readonly Frame[] = [],
  withheld: readonly string[] = [],
): OpenArchive {
  const names = [...Object.keys(texts), ...frames.map(({ file }) => file)].filter((name) => !withheld.includes(name));
  return {
    entries: new Map(names.map((name, position) => [name, { name, crc32: position, size: 1000 }])),
    read: async (name) => {
      const text = texts[name];
      if (text === undefined) throw new Error(`ingest read ${name}`);
      return new TextEncoder().encode(text);
    },
  };
}

async function ingested(archive: OpenArchive) {
  return ingestArchive(archive, await readManifest(archive), null);
}

describe("readManifest", () => {
  it("refuses a manifest past any embryo's, before it reads it", async () => {
    const archive = archiveOf(stack(90));
    const entry = { name: "manifest.json", crc32: 0, size: 4 * 1024 ** 2 + 1 };
    const read = () => Promise.reject(new Error("read"));

    const reading = readManifest({ entries: new Map([...archive.entries, [entry.name, entry]]), read });

    await expect(reading).rejects.toMatchObject({ code: "ARCHIVE_TOO_LARGE", retryable: false });
  });
});

describe("ingestArchive", () => {
  it("takes a sound archive without a remark, and reads no picture of it", async () => {
    const frames = [...stack(90), ...stack(91), ...stack(92)];

    const result = await ingested(archiveOf(frames));

    expect(result.frames).toEqual(frames);
    expect(result.warnings).toEqual([]);
    expect(result.archiveDigest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("sorts frames that are out of order, and says so", async () => {
    const result = await ingested(archiveOf([...stack(92), ...stack(90, [45, -45, 0])]));

    expect(result.frames).toEqual([...stack(90), ...stack(92)]);
    expect(result.warnings.map(({ code }) => code)).toEqual(["FRAMES_OUT_OF_ORDER"]);
  });

  it("makes no remark on focal planes in another order", async () => {
    const result = await ingested(archiveOf(stack(90, [45, 0, -45])));

    expect(result.frames).toEqual(stack(90));
    expect(result.warnings).toEqual([]);
  });

  it("ignores what an instrument adds to the manifest", async () => {
    const archive = archiveOf(stack(95), { slide: "D2020.01.01", magnification: 20 });

    await expect(ingested(archive)).resolves.toMatchObject({ warnings: [] });
  });

  it.each([18, 55, 36.5])("takes an age of %d years", async (ageYears) => {
    await expect(ingested(archiveOf(stack(95), { ageYears }))).resolves.toMatchObject({ warnings: [] });
  });

  it.each<[string, string, OpenArchive]>([
    ["no manifest", "MANIFEST_MISSING", openArchive({ "other.json": "{}" })],
    ["a manifest that is not JSON", "MANIFEST_INVALID", openArchive({ "manifest.json": "{" })],
    ["a manifest that is an array", "MANIFEST_INVALID", openArchive({ "manifest.json": "[]" })],
    ["a manifest of another schema", "MANIFEST_INVALID", archiveOf(stack(95), { schema: "blastograde/time-lapse@2" })],
    ["no frame", "MANIFEST_INVALID", archiveOf([])],
    ["a negative time", "MANIFEST_INVALID", archiveOf(stack(-1))],
    ["a time that is NaN", "MANIFEST_INVALID", archiveOf(stack(Number.NaN))],
    ["a time that is a text", "MANIFEST_INVALID", archiveOf([{ ...stack(95)[0]!, hpi: "95" as unknown as number }])],
    ["an embryo without a name", "MANIFEST_INVALID", archiveOf(stack(95), { embryoId: "" })],
    ["a frame without a file", "FRAME_FILE_MISSING", archiveOf(stack(95), {}, ["95h/0.jpg"])],
    ["a frame listed twice", "FRAME_REPEATED", archiveOf([...stack(95), stack(95)[1]!])],
    [
      "two files for one position",
      "FRAME_REPEATED",
      archiveOf([...stack(95), { ...stack(95)[1]!, file: "other.jpg" }]),
    ],
    ["one file for two positions", "FRAME_REPEATED", archiveOf([...stack(95), { ...stack(95)[1]!, hpi: 96 }])],
    ["an age below 18", "AGE_OUT_OF_RANGE", archiveOf(stack(95), { ageYears: 17.9 })],
    ["an age above 55", "AGE_OUT_OF_RANGE", archiveOf(stack(95), { ageYears: 56 })],
    ["no frame from 90 hpi on", "NO_BLASTOCYST_STAGE", archiveOf([...stack(88), ...stack(89.9)])],
    ["one focal plane", "FOCAL_PLANES_MISSING", archiveOf([...stack(95, [0]), ...stack(96, [0])])],
    ["depth before 90 hpi only", "FOCAL_PLANES_MISSING", archiveOf([...stack(85), ...stack(95, [0])])],
  ])("refuses %s with %s and a sentence that says what to do", async (_, code, archive) => {
    const refusal = await ingested(archive).catch((error: unknown) => error);

    expect(refusal).toMatchObject({ code, retryable: false, message: expect.stringMatching(/\. .*\.$|; .*\.$/s) });
  });
});

describe("archiveDigest", () => {
  const manifest = new TextEncoder().encode('{"embryoId":"e-1"}');
  const entry = fc.record({
    name: fc.stringMatching(/^[a-z0-9/_.-]{1,20}$/),
    crc32: fc.nat(0xffffffff),
    size: fc.nat(1e9),
  });
  const entries = fc.uniqueArray(entry, { minLength: 1, maxLength: 12, selector: ({ name }) => name });

  it("does not depend on the order of the zip's directory", async () => {
    const shuffled = entries.chain((some) =>
      fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, async ([some, reordered]) => {
        expect(await archiveDigest(manifest, reordered)).toBe(await archiveDigest(manifest, some));
      }),
    );
  });

  it("changes with any entry's name, checksum or size", async () => {
    const change: fc.Arbitrary<(old: ArchiveEntry) => ArchiveEntry> = fc.constantFrom(
      (old) => ({ ...old, name: `${old.name}x` }),
      (old) => ({ ...old, crc32: old.crc32 ^ 1 }),
      (old) => ({ ...old, size: old.size + 1 }),
    );
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), change, async (some, choice, changed) => {
        const others = some.with(choice % some.length, changed(some[choice % some.length]!));

        expect(await archiveDigest(manifest, others)).not.toBe(await archiveDigest(manifest, some));
      }),
    );
  });

  it("changes when an entry is left out", async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (some) => {
        expect(await archiveDigest(manifest, some.slice(1))).not.toBe(await archiveDigest(manifest, some));
      }),
    );
  });

  it("changes with any byte of the manifest", async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), async (some, choice, difference) => {
        const position = choice % manifest.length;
        const other = manifest.with(position, manifest[position]! ^ difference);

        expect(await archiveDigest(other, some)).not.toBe(await archiveDigest(manifest, some));
      }),
    );
  });

  it("stays what it is from release to release: records are found by it", async () => {
    const digest = await archiveDigest(manifest, [
      { name: "b.jpg", crc32: 7, size: 20 },
      { name: "a.jpg", crc32: 4294967295, size: 10 },
    ]);

    // printf '{"embryoId":"e-1"}a.jpg\0004294967295\00010\nb.jpg\0007\00020\n' | sha256sum
    expect(digest).toBe("59e4700d5d871dad185628d203d9e4ced11332976a38a33d44dd4c3ef6a3648a");
  });
});
