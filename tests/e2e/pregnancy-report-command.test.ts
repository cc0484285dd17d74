import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { treeOf } from "../builders/dataset-folders.ts";
import { jsonLines, runCommand } from "../builders/run-command.ts";
import {
  everyFold,
  HAND_MADE,
  networksFolder,
  type TransferredStill,
  transfersFolder,
} from "../builders/transfers-folder.ts";
import { hollowBundle } from "../contract/model-server.builders.ts";

/** Two embryos a cycle, of women of 30 to 45: of the younger ones more came to a pregnancy. */
const STILLS = Array.from({ length: 48 }, (_, n): TransferredStill => {
  const cycle = Math.floor(n / 2);
  const ageYears = 30 + (cycle % 16);
  return {
    cycleId: `c${cycle}`,
    split: cycle % 3 === 0 ? "test" : "train",
    ageYears,
    outcome: (n * 5) % 16 < 46 - ageYears - 2 ? 1 : 0,
    clinic: cycle % 2 === 0 ? "north" : "south",
    grey: 60 + ((n * 37) % 120),
    // Truly, one held-out embryo shows no ICM, and one that is not held out.
    hasIcm: n !== 6 && n !== 8,
  };
});

/** Has neither a segmenter nor a pregnancy network. */
let bundle: string;
beforeAll(async () => {
  bundle = await hollowBundle();
});
afterAll(() => rm(bundle, { recursive: true, force: true }));

async function reported(clips: string, ...more: readonly string[]) {
  const out = await treeOf({});
  const outcome = await runCommand("pregnancy-report", [
    ...["--clips", clips, "--out", out, "--segmenter", join(HAND_MADE, "segmenter.onnx"), "--resamples", "20"],
    ...["--bundle", bundle, "--threads", "1", ...more],
  ]);
  return { ...outcome, out };
}

describe("npm run pregnancy-report", () => {
  it("writes a page, all numbers and every score, and prints the main ones", async () => {
    const networks = await networksFolder(everyFold("resnet50", "vgg16"));

    const { exitCode, stdout, stderr, out } = await reported(await transfersFolder(STILLS), "--networks", networks);

    expect([exitCode, stderr.split("\n")[0]]).toEqual([0, "12 networks score the embryos that they never saw."]);
    expect(jsonLines(stdout)).toMatchObject([
      { report: join(out, "report.html"), heldOut: { embryos: 16, cycles: 8 }, dice: { icm: 1, te: 1 } },
    ]);
    expect((await readdir(out)).sort()).toEqual(["report.html", "report.json", "scores.csv"]);
    const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
    // Without masks in it a still is brightest in its corner; within them, in the ICM.
    expect(report.focus.table.rows.at(-1)).toMatchObject({
      correct: "total",
      cases: 16,
      focus: { enhanced: { icm: 16 }, plain: { other: 16 } },
    });
    expect(report.segmentation.icm).toMatchObject({ embryos: 15, without: 1, falselyFound: 1, notFound: 0 });
    expect(report.performance.rows.map((row: { name: string; input: string }) => [row.name, row.input])).toEqual([
      ["VGG16", "plain"],
      ["VGG16", "enhanced"],
      ["ResNet50", "plain"],
      ["ResNet50", "enhanced"],
    ]);
    expect(report.calibration).toMatchObject({
      model: { name: "ResNet50", input: "enhanced", fold: 0 },
      chosen: "platt",
    });
    const page = await readFile(join(out, "report.html"), "utf8");
    expect(page).toContain("not for clinical use");
    expect(page).not.toMatch(/NaN|undefined|<script/);
  });

  it("writes scores that the calibration command takes as they are", async () => {
    const networks = await networksFolder(everyFold("resnet50"));
    const { out } = await reported(await transfersFolder(STILLS), "--networks", networks);
    const scores = join(out, "scores.csv");

    const { exitCode, stdout } = await runCommand("calibration", [
      ...["--scores", scores, "--score", "raw_score", "--outcome", "outcome", "--cycle", "cycle_id"],
    ]);

    const lines = (await readFile(scores, "utf8")).trimEnd().split("\n").slice(1);
    const splits = Map.groupBy(lines, (line) => line.split(",")[2]);
    // Each of 6 networks has the held-out embryos, and each input's three share the others.
    expect([splits.get("test")?.length, splits.get("validation")?.length]).toEqual([6 * 16, 2 * 32]);
    expect(exitCode).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([{ before: { n: 160 }, after: { n: 160 } }]);
  });

  it("leaves embryos without an outcome or an age out, and says what the data do not give", async () => {
    const stills = STILLS.map((still, n) =>
      n === 0 ? { ...still, outcome: null } : n === 1 ? { ...still, ageYears: null } : still,
    );
    const networks = await networksFolder(everyFold("densenet121").filter(({ input }) => input === "enhanced"));

    const { exitCode, out } = await reported(
      await transfersFolder(stills, { segmentation: false }),
      ...["--networks", networks],
    );

    expect(exitCode).toBe(0);
    const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
    expect(report.dataSet.leftOut).toEqual({ withoutOutcome: 1, withoutAge: 1 });
    expect(report.performance.heldOut).toMatchObject({ embryos: 14 });
    expect(report.segmentation.notMeasurable).toContain("no segmentation.npz");
    expect(report.focus.table.notMeasurable).toContain("one of plain images");
    expect(await readFile(join(out, "report.html"), "utf8")).toContain(
      "not measurable: the data set has no segmentation.npz",
    );
  });

  it.each([
    ["no outcome", { outcome: null }, /has no embryo whose outcome is known/],
    [
      "one outcome",
      { outcome: 1 },
      /Of the 16 held-out embryos of .* 16 came to a pregnancy: there is nothing to tell/,
    ],
    ["no age", { ageYears: null }, /has no clip with the woman's age/],
    ["nothing held out", { split: "train" }, /has no embryo of the split test with an outcome and an age/],
  ] as const)("says in a sentence that a data set has %s", async (_, change, sentence) => {
    const clips = await transfersFolder(STILLS.map((still) => ({ ...still, ...change })));

    const { exitCode, stdout, stderr } = await reported(clips, "--networks", await networksFolder(everyFold("vgg16")));

    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
  });

  it("says what is missing where neither bundle nor folder has a network, or nobody finds ICM and TE", async () => {
    const networks = await networksFolder(everyFold("vgg16"));

    const call = ["--clips", "set", "--out", "out", "--bundle", bundle];
    const nothing = await runCommand("pregnancy-report", call);
    const blind = await runCommand("pregnancy-report", [...call, "--networks", networks]);
    const nowhere = await runCommand("pregnancy-report", ["--clips", "set"]);

    expect([nothing, blind, nowhere].map(({ exitCode }) => exitCode)).toEqual([2, 2, 2]);
    expect(nothing.stderr).toMatch(/has no pregnancy network, and --networks was not given: name a folder/);
    expect(blind.stderr).toMatch(/has no segmenter of ICM and TE: name a segmenter.onnx with --segmenter/);
    expect(nowhere.stderr).toMatch(/^--out is missing: the folder for the report\.\nUsage: npm run pregnancy-report/);
  });
});
