import { createHash } from "node:crypto";
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readPreparedEmbryos, readPreparedManifest, readStill } from "../../cli/bundle/dataset-reader.ts";
import type { EmbryoResult } from "../../cli/dataset/embryo-preparation.ts";
import { PreparedWriter, type Recipe } from "../../cli/dataset/prepared-writer.ts";
import { treeOf } from "../builders/dataset-folders.ts";

/** A disk that gets full while it writes: it takes the first half, and then nothing. */
const disk = vi.hoisted(() => ({
  room: "enough" as "enough" | "half of what comes next" | "none",
  whatFits(content: Uint8Array): Uint8Array {
    if (disk.room === "enough") return content;
    if (disk.room === "none") throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    disk.room = "none";
    return content.subarray(0, Math.floor(content.length / 2));
  },
}));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const writeFile: typeof real.writeFile = async (file, content, options) => {
    const bytes = Buffer.from(content as string);
    const fits = disk.whatFits(bytes);
    await real.writeFile(file, fits, options);
    if (fits.length < bytes.length) disk.whatFits(bytes);
  };
  const open: typeof real.open = async (...args) => {
    const handle = await real.open(...args);
    const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<{ bytesWritten: number }>;
    // A write that does not fit is cut short, as the system does it, and the next one fails.
    const writeWhatFits = (bytes: Uint8Array, offset: number, length: number, position: number) => {
      const fits = disk.whatFits(bytes.subarray(offset, offset + length));
      return write(fits, 0, fits.length, position);
    };
    return Object.assign(handle, {
      write: writeWhatFits,
      writeFile: (content: string) => writeFile(handle, content),
    });
  };
  return { ...real, open, writeFile };
});
afterEach(() => {
  disk.room = "enough";
});

const RECIPE: Recipe = {
  source: "phantoms",
  sourceDigest: "1".repeat(64),
  cropperSha256: "0".repeat(64),
  moments: { tA: 1, tMEB: 1 },
  sequences: true,
  evidenceOfAll: false,
  splits: "the source's",
};
const IDS = ["e0", "e1", "e2", "e3"];

describe("a prepared data set", () => {
  it("is read back as it was written, rows without the embryos that were left out", async () => {
    const out = await treeOf({});

    await write(out);

    const embryos = await readPreparedEmbryos(out);
    expect(embryos.map(({ embryoId, row }) => [embryoId, row])).toEqual([
      ...[
        ["e0", 0],
        ["e1", 1],
        ["e3", 2],
      ],
    ]);
    expect(embryos[0]).toMatchObject({
      ...{ cycleId: "c", clinic: null, split: "train", icm: "A", te: null, outcome: 1 },
      ...{ icmVotes: ["A", "B"], teVotes: [], moments: new Set(["tA"]) },
    });
    expect((await readStill(out, "tA", 2))[0]).toBe(13);
    expect((await readStill(out, "tMEB", 2))[0]).toBe(0);
    await expect(readStill(out, "tA", 3)).rejects.toThrow(/3 rows/);
    expect(await readPreparedManifest(out)).toMatchObject({ moments: { tA: 1, tMEB: 1 }, sequences: true });
    expect(await readFile(join(out, "problems.jsonl"), "utf8")).toBe(
      '{"embryoId":null,"code":"LABEL_WITHOUT_PICTURES","detail":"x"}\n{"embryoId":"e2","code":"UNLABELLED","detail":"x"}\n',
    );
  });

  it("goes on after any write at which it ended, to the same bytes", async () => {
    const whole = await treeOf({});
    const writes: string[] = [];
    await write(whole, (name) => writes.push(name));
    const expected = await contentOf(whole);

    for (let killed = 0; killed < writes.length; killed++) {
      const out = await treeOf({});
      let count = 0;
      const kill = () => {
        if (count++ === killed) throw new Error("killed");
      };
      await expect(write(out, kill)).rejects.toThrow();
      expect(await readdir(out)).not.toContain("dataset.json");
      await write(out);

      expect(await contentOf(out)).toEqual(expected);
    }
  });

  it("forgets a line of the journal that was cut off", async () => {
    const out = await treeOf({});
    const writer = await PreparedWriter.open(out, RECIPE);
    await writer.add(resultOf("e0"), cellsOf("e0"), null);
    await appendFile(join(out, "journal.jsonl"), '{"embryoId":"e1","emb');

    const again = await PreparedWriter.open(out, RECIPE);

    expect(again.journal.map(({ embryoId }) => embryoId)).toEqual(["e0"]);
    expect(await readFile(join(out, "journal.jsonl"), "utf8")).not.toContain("e1");
  });

  it("ends with one sentence where the disk is full, and keeps what is done", async () => {
    const out = await treeOf({});
    const full = (name: string) => {
      if (name === "the stills of e1") throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    };

    await expect(write(out, full)).rejects.toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      message: expect.stringMatching(/could not take the stills of e1: the disk is full/),
    });

    expect((await PreparedWriter.open(out, RECIPE)).journal).toHaveLength(1);
    await expect(readPreparedManifest(out)).rejects.toThrow(/no finished data set/);
  });

  it("is finished by the same command after any write of which the disk took a part only", async () => {
    const whole = await treeOf({});
    const writes: string[] = [];
    await write(whole, (name) => writes.push(name));
    const expected = await contentOf(whole);

    for (let cut = 0; cut < writes.length; cut++) {
      const out = await treeOf({});
      let count = 0;
      const fill = () => {
        if (count++ === cut) disk.room = "half of what comes next";
      };
      await expect(write(out, fill)).rejects.toMatchObject({
        code: "STORAGE_UNAVAILABLE",
        message: expect.stringMatching(/the disk is full/),
      });
      expect(await readdir(out)).not.toContain("dataset.json");
      disk.room = "enough";
      await write(out);

      expect(await contentOf(out)).toEqual(expected);
    }
  });

  it("is not gone on with where a line in the journal's middle is damaged", async () => {
    const out = await treeOf({});
    const writer = await PreparedWriter.open(out, RECIPE);
    await writer.add(resultOf("e0"), cellsOf("e0"), null);
    await writer.add(resultOf("e1"), cellsOf("e1"), null);
    const file = join(out, "journal.jsonl");
    await writeFile(file, (await readFile(file, "utf8")).replace('{"embryoId":"e0"', '{"embryoId":0'));

    await expect(PreparedWriter.open(out, RECIPE)).rejects.toMatchObject({
      code: "JOURNAL_DAMAGED",
      message: expect.stringMatching(/journal\.jsonl, line 2 is damaged/),
    });
  });

  it("is not mixed with one of another source or other options", async () => {
    const out = await treeOf({});
    await write(out);

    await expect(PreparedWriter.open(out, { ...RECIPE, sequences: false })).rejects.toMatchObject({
      code: "OTHER_PREPARATION",
    });
  });
});

/** Four embryos, of which the third has no label; goes on where there is a beginning. */
async function write(out: string, beforeWrite?: (name: string) => void): Promise<void> {
  const writer = await PreparedWriter.open(out, RECIPE, beforeWrite);
  for (const id of IDS.slice(writer.journal.length)) {
    if (id === "e2") {
      const problems = [{ embryoId: id, code: "UNLABELLED", detail: "x" }];
      await writer.add({ ...resultOf(id), embryo: null, stills: {}, clip: null, problems }, null, null);
    } else await writer.add(resultOf(id), cellsOf(id), [id, "", "train", "0.3", "1.4", "0.1"]);
  }
  await writer.finish([{ embryoId: null, code: "LABEL_WITHOUT_PICTURES", detail: "x" }]);
}

function resultOf(embryoId: string): EmbryoResult {
  const grey = 10 + Number(embryoId.slice(1));
  const stills = { tA: new Uint8Array(3 * 224 * 224).fill(grey) };
  return { embryoId, embryo: null, stills, clip: Uint8Array.of(grey), evidence: undefined, problems: [] };
}

function cellsOf(embryoId: string): string[] {
  return [embryoId, "c", "", "train", "A", "", "AB", "", "1", "tA"];
}

/** What lies in a folder, by name, as SHA-256. */
async function contentOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const contents = names.map(async ({ parentPath, name }) => {
    const file = join(parentPath, name);
    return [
      file.slice(folder.length),
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(contents));
}
