import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { readEvidence, readPreparedEmbryos, readStill } from "../../cli/bundle/dataset-reader.ts";
import { diceCoefficient } from "../../core/cropping/truth-mask.ts";
import { gomezFiles, gomezPicture, treeOf, withPhantom } from "../builders/dataset-folders.ts";

const CROPPER = "model-container/models/demo/cropper.onnx";
const HPI = [91, 117, 117.5, 118];
const PLANES_UM = [-45, 0, 45];

describe("prepare-dataset embryos", () => {
  it("prepares what it can of a data set with all that can be wrong, and counts the rest", async () => {
    const source = await treeOf(await spoiltGomez());
    const out = await treeOf({});

    const { exitCode, stdout } = await run(["--source", source, "--out", out, "--sequences", "--moments", "tA:3,120"]);

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ source: "gomez-2022", embryos: 2, icm: { A: 1, B: 1, C: 0 } },
      problems: {
        ...{ IMAGE_UNREADABLE: 1, LABEL_WITHOUT_PICTURES: 1, UNLABELLED: 2, FILE_UNREADABLE: 1 },
        SHORT_SEQUENCE: 2,
      },
    });
    const embryos = await readPreparedEmbryos(out);
    expect(embryos.map(({ embryoId, te, moments }) => [embryoId, te, [...moments]])).toEqual([
      ["AA83-7", "B", ["tA"]],
      ["BB12-3", null, ["tA"]],
    ]);
    expect((await readdir(join(out, "clips"))).sort()).toEqual(["AA83-7.npz", "BB12-3.npz"]);
    expect(new Set(await readStill(out, "tA", 1, 2)).size).toBeGreaterThan(50);
    expect(await readEvidence(out)).toHaveLength(2);
  });

  it("goes on after it was killed, to the bytes of a run that was not", async () => {
    const [whole, killed] = [await treeOf({}), await treeOf({})];
    const drawn = ["--phantoms", "5", "--seed", "5", "--moments", "tA:1,110"];
    await run([...drawn, "--out", whole]);

    const process_ = spawn(process.execPath, argumentsOf([...drawn, "--out", killed]), { stdio: "ignore" });
    await linesOfJournal(killed, 3);
    process_.kill("SIGKILL");
    await once(process_, "exit");
    const unfinished = await readdir(killed);
    const { exitCode, stdout } = await run([...drawn, "--out", killed, "--threads", "1"]);

    expect(unfinished).not.toContain("dataset.json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ source: "phantoms", problems: { UNLABELLED: 1 } });
    for (const file of ["dataset.json", "embryos.csv", "stills/tA.npy", "stills/110.npy"]) {
      expect((await readFile(join(killed, file))).equals(await readFile(join(whole, file)))).toBe(true);
    }
  });

  it("says in a sentence that the journal of what was begun is damaged", async () => {
    const source = await treeOf(await gomezFiles({ videos: ["AA83-7", "BB12-3"], grades: ["AA83-7,NA,NA"] }));
    const out = await treeOf({});
    await run(["--source", source, "--out", out]);
    const journal = join(out, "journal.jsonl");
    await writeFile(journal, (await readFile(journal, "utf8")).replace('"problems":', '"problems"'));

    const { exitCode, stderr } = await run(["--source", source, "--out", out]);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/journal\.jsonl, line 2 is damaged\. Begin again with another --out/);
  });

  it("says in a sentence what it cannot prepare, and how it is asked", async () => {
    const empty = await treeOf({});
    const nothing = await treeOf(await gomezFiles({ grades: ["AA83-7,NA,NA"] }));
    const out = await treeOf({});

    const unknown = await run(["--source", empty, "--out", out]);
    const unusable = await run(["--source", nothing, "--out", out]);
    const asked = await run(["--source", nothing, "--out", out, "--moments", "tB"]);

    expect([unknown.exitCode, unusable.exitCode, asked.exitCode]).toEqual([1, 1, 2]);
    expect(unknown.stderr).toMatch(/is no data set that can be read/);
    expect(unusable.stderr).toMatch(/No embryo of the source could be used: 2 UNLABELLED/);
    expect(await readdir(out)).toContain("problems.jsonl");
    expect(asked.stderr).toMatch(/wanted one of tA, tMEB.*\nUsage:/);
  });
});

describe("prepare-dataset cropper", () => {
  it("draws each picture with its mask, eight of ten to train on, one to validate and one to test", async () => {
    const out = await treeOf({});

    const { exitCode } = await execute([
      ...["cli/prepare-dataset.ts", "cropper", "--out", out, "--pictures", "30", "--seed", "11"],
    ]);

    expect(exitCode).toBe(0);
    const { images, masks, split } = await readCropperPictures(out);
    expect([images.shape, masks.shape, split.shape]).toEqual([[30, 3, 64, 64], [30, 64, 64], [30]]);
    expect([...split.array]).toEqual(Array.from({ length: 3 }, () => [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]).flat());
    const dices = await dicesOf(images.array as Uint8Array, masks.array as Uint8Array);
    expect(dices.length).toBeGreaterThan(30 * 0.5);
    expect(dices.length).toBeLessThan(30 * 0.9);
    expect(dices.toSorted((a, b) => a - b)[Math.floor(dices.length / 2)]).toBeGreaterThan(0.9);
  });
});

describe("prepare-dataset criterion", () => {
  it("measures blastocysts and arrested embryos in turn", async () => {
    const out = await treeOf({});

    await execute(["cli/prepare-dataset.ts", "criterion", "--phantoms", "2", "--out", out, "--cropper", CROPPER]);

    expect((await readEvidence(out)).map(({ kind }) => kind)).toEqual(["blastocyst", "arrested"]);
  });
});

/** Two usable videos, one of them with a truncated picture; NA everywhere, no label, no times, a label for no video. */
async function spoiltGomez(): Promise<Record<string, Uint8Array | string>> {
  const videos = ["AA83-7", "BB12-3", "CC01-1", "DD02-2", "EE03-3"];
  const grades = ["AA83-7,B,A", "BB12-3,NA,B", "CC01-1,NA,NA", "EE03-3,A,A", "ZZ99-9,A,A"];
  const files = await gomezFiles({ videos, grades, times: HPI, planesUm: PLANES_UM });
  for (const video of ["AA83-7", "BB12-3"]) await withPhantom(files, video, { times: HPI, planesUm: PLANES_UM });
  const damaged = gomezPicture("BB12-3", 45, 3);
  files[damaged] = (files[damaged] as Uint8Array).subarray(0, 3000);
  delete files["embryo_dataset_time_elapsed/EE03-3_timeElapsed.csv"];
  return files;
}

function argumentsOf(args: readonly string[]): string[] {
  return ["cli/prepare-dataset.ts", "embryos", "--cropper", CROPPER, ...args];
}

function run(args: readonly string[]) {
  return execute(argumentsOf(args));
}

function execute(args: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function linesOfJournal(out: string, count: number): Promise<void> {
  for (;;) {
    const journal = await readFile(join(out, "journal.jsonl"), "utf8").catch(() => "");
    if (journal.split("\n").length > count) return;
    await setTimeout(20);
  }
}

async function readCropperPictures(out: string) {
  const npz = decodeNpz(new Uint8Array(await readFile(join(out, "cropper.npz"))));
  const array = (name: string) => decodeNpy(npz.get(name)!);
  return { images: array("images.npy"), masks: array("masks.npy"), split: array("split.npy") };
}

/** How well the demo bundle's cropper finds each embryo where its mask is: Dice coefficients of the pictures with one. */
async function dicesOf(images: Uint8Array, masks: Uint8Array): Promise<number[]> {
  const segmenter = await openSegmenter(new Uint8Array(await readFile(CROPPER)), { sha256: "", threads: 1 });
  const cells = 64 * 64;
  const dices: number[] = [];
  for (let n = 0; n * cells < masks.length; n++) {
    const mask = masks.subarray(n * cells, (n + 1) * cells);
    if (!mask.includes(1)) continue;
    const [scores] = await segmenter.segment([images.subarray(n * 3 * cells, (n + 1) * 3 * cells)]);
    dices.push(
      diceCoefficient(
        Uint8Array.from(scores!, (score) => (score > 0.5 ? 1 : 0)),
        mask,
      ),
    );
  }
  await segmenter.close();
  return dices;
}
