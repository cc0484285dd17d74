import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { readPreparedEmbryos, readPreparedManifest } from "../../cli/bundle/dataset-reader.ts";
import { type PreparationOptions, prepareEmbryos } from "../../cli/dataset/prepare-embryos.ts";
import { type SplitShares, splitOfCycle } from "../../cli/dataset/split.ts";
import { gomezFiles, krompFiles, treeOf, withPhantom } from "../builders/dataset-folders.ts";
import { loosePhantom, packed } from "../builders/phantom-archive.ts";
import { greyPng } from "../builders/pictures.ts";

const CROPPER = "model-container/models/demo/cropper.onnx";
const HPI = [117.5];
const PLANES_UM = [-45, 0, 45];
const SHARES: SplitShares = { validation: 0.3, test: 0.3 };
/** Six cycles of three embryos, of which each split gets some. */
const EMBRYOS = ["AA1", "BB2", "CC3", "DD4", "EE5", "FF6"].flatMap((cycle) =>
  [1, 2, 3].map((well) => ({ cycle, embryoId: `${cycle}-${well}` })),
);

describe("the split of a data set that has none", () => {
  it.each([
    ["phantoms", async () => ({ "phantoms.json": '{"schema":"blastograde/phantoms@1","seed":5,"embryos":16}' })],
    ["archives", () => archives("embryo_id,cycle_id,icm,te", ({ embryoId, cycle }) => `${embryoId},${cycle},A,B`)],
    ["gomez-2022", () => gomez()],
  ])("keeps a cycle together: %s", async (name, files) => {
    const { out, summary } = await prepared(await files(), { shares: SHARES });

    const embryos = await readPreparedEmbryos(out);
    const cycles = Map.groupBy(embryos, ({ cycleId }) => cycleId);
    expect(summary.source).toBe(name);
    expect([...cycles.values()].some((ofCycle) => ofCycle.length >= 3)).toBe(true);
    expect(new Set(embryos.map(({ split }) => split)).size).toBeGreaterThan(1);
    for (const [cycle, ofCycle] of cycles) {
      expect(new Set(ofCycle.map(({ split }) => split))).toEqual(new Set([splitOfCycle(cycle, SHARES)]));
    }
    expect(summary.problems).not.toHaveProperty("CYCLE_IN_TWO_SPLITS");
  });
});

describe("the split that a data set has", () => {
  it("stands, and each cycle in two of its splits is said", async () => {
    const split = (embryoId: string) => (embryoId === "AA1-1" || embryoId.startsWith("FF6") ? "test" : "train");
    const files = await archives("embryo_id,icm,te,split", ({ embryoId }) => `${embryoId},A,B,${split(embryoId)}`);

    const own = await prepared(files);
    const shared = await prepared(files, { shares: SHARES });

    expect(own.summary).toMatchObject({ splits: { train: 14, test: 4 }, problems: { CYCLE_IN_TWO_SPLITS: 1 } });
    expect(await problemsOf(own.out)).toEqual([
      {
        ...{ embryoId: null, code: "CYCLE_IN_TWO_SPLITS" },
        detail: "The cycle AA1 has embryos in train and test; the data set's split stands.",
      },
    ]);
    expect(shared.summary.problems).toEqual({});
  });

  it("is gold and silver of Kromp 2023, of whose pictures stills are made and nothing else", async () => {
    const { pictures } = await loosePhantom({ capturedHpi: HPI, focalPlanesUm: [0] });
    const { image } = await sharpDecoder.decodeGrey(Object.values(pictures)[0]!);
    const picture = await greyPng(image);
    const files = await krompFiles({ gold: ["0003_01.png;3;1;0;", "0001_02.png;NA;NA;2;", "0004_02.png;3;0;0"] });
    for (const name of ["0001_01", "0001_02", "0002_01", "0003_01"]) files[`Images/${name}.png`] = picture;
    files["Images/0004_02.png"] = picture.subarray(0, picture.length / 2);

    const { out, summary } = await prepared(files, { moments: { tA: 9, tMEB: 3 }, sequences: true });

    const embryos = await readPreparedEmbryos(out);
    expect(embryos.map(({ embryoId, icm, te }) => [embryoId, icm, te])).toEqual([
      ["0001_01", "A", "B"],
      ["0001_02", null, "C"],
      ["0002_01", "C", "C"],
      ["0003_01", "B", "A"],
    ]);
    expect(embryos.filter(({ split }) => split === "test").map(({ embryoId }) => embryoId)).toEqual([
      ...["0001_02", "0003_01"],
    ]);
    expect(await readPreparedManifest(out)).toMatchObject({ moments: { tA: 1 }, sequences: false });
    expect(await readdir(join(out, "clips"))).toEqual([]);
    expect(summary.problems).toEqual({ CYCLE_IN_TWO_SPLITS: 1, IMAGE_UNREADABLE: 1, LABEL_REPEATED: 1 });
  });
});

describe("prepare-dataset with shares", () => {
  it("splits by those that are given", async () => {
    const source = await treeOf(await gomez());

    const test = await command(["--source", source, "--test-share", "1"]);
    const validation = await command(["--source", source, "--validation-share", "1"]);
    const train = await command(["--source", source, "--validation-share", "0", "--test-share", "0"]);

    expect(test.splits).toEqual({ train: 0, validation: 0, test: EMBRYOS.length });
    expect(validation.splits).toEqual({ train: 0, validation: EMBRYOS.length, test: 0 });
    expect(train.splits).toEqual({ train: EMBRYOS.length, validation: 0, test: 0 });
  });

  it.each([
    ["more than all together", ["--validation-share", "0.7", "--test-share", "0.7"], /more than 1 together/],
    ["no share", ["--test-share", "half"], /--test-share wants 0 to 1, not half/],
  ])("refuses %s", async (_, shares, sentence) => {
    await expect(command(["--source", "nowhere", ...shares])).rejects.toThrow(sentence);
  });
});

async function archives(header: string, rowOf: (embryo: (typeof EMBRYOS)[number]) => string) {
  const { manifest, pictures } = await loosePhantom({ capturedHpi: HPI, focalPlanesUm: PLANES_UM });
  const files: Record<string, Uint8Array | string> = { "labels.csv": [header, ...EMBRYOS.map(rowOf), ""].join("\n") };
  for (const { embryoId, cycle } of EMBRYOS) {
    const archive = await packed({ manifest: { ...manifest, embryoId, cycleId: cycle }, pictures });
    files[`${embryoId}.zip`] = new Uint8Array(await archive.arrayBuffer());
  }
  return files;
}

async function gomez() {
  const videos = EMBRYOS.map(({ embryoId }) => embryoId);
  const files = await gomezFiles({ videos, times: HPI, planesUm: PLANES_UM });
  for (const video of videos) await withPhantom(files, video, { times: HPI, planesUm: PLANES_UM });
  return files;
}

async function prepared(files: Record<string, Uint8Array | string>, options: Partial<PreparationOptions> = {}) {
  const out = await treeOf({});
  const source = await treeOf(files);
  const summary = await prepareEmbryos({
    ...{ source, out, cropper: CROPPER, moments: { tA: 1 }, sequences: false },
    ...options,
  });
  return { out, summary };
}

async function problemsOf(out: string): Promise<unknown[]> {
  const lines = (await readFile(join(out, "problems.jsonl"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** @returns what the command prints @throws Error with what it says where it fails */
async function command(args: readonly string[]): Promise<{ splits: unknown }> {
  const asked = ["cli/prepare-dataset.ts", "embryos", "--cropper", CROPPER, "--out", await treeOf({}), ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...asked, "--moments", "tA"], (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(new Error(stderr));
    });
  });
}
