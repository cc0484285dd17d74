import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { treeOf } from "../builders/dataset-folders.ts";
import { jsonLines, runCommand } from "../builders/run-command.ts";

/** Scores that are far too sure: the outcome comes at half the distance from one half. */
const OVERSURE = Array.from({ length: 200 }, (_, n) => {
  const score = (n % 20) / 19;
  const positive = (Math.floor(n / 20) + 0.5) / 10 < 0.5 + (score - 0.5) / 2;
  return `w${n % 50},${score.toFixed(4)},${positive ? 1 : 0}`;
});

async function calibration(rows: readonly string[], ...more: readonly string[]) {
  const file = join(await treeOf({ "scores.csv": `woman,score,pregnant\n${rows.join("\n")}\n` }), "scores.csv");
  return await runCommand("calibration", ["--scores", file, "--score", "score", "--outcome", "pregnant", ...more]);
}

describe("npm run calibration", () => {
  it("prints how far the scores come true, before and after", async () => {
    const { exitCode, stdout, stderr } = await calibration(OVERSURE, "--cycle", "woman");

    expect([exitCode, stderr]).toEqual([0, ""]);
    const [{ before, after }] = jsonLines(stdout) as [Record<"before" | "after", Record<string, unknown>>];
    expect(before).toMatchObject({ n: 200, hosmerLemeshow: { df: 10, p: expect.any(Number) } });
    expect(after.n).toBe(200);
    expect(after.brier).toBeLessThan(before.brier as number);
    expect(after.ece).toBeLessThan(before.ece as number);
  });

  it("leaves unknown rows out, and has no figures before for what is no probability", async () => {
    // Of thirty years of age nearly all are pregnant, of fifty nearly none.
    const ages = Array.from({ length: 200 }, (_, n) => `w${n},${31 + (n % 20)},${n % 20 < 10 === n % 7 > 0 ? 1 : 0}`);
    const rows = ["a,NA,1", "b,31,", ...ages];

    const { exitCode, stdout, stderr } = await calibration(rows, "--descending");
    const wrongWay = await calibration(rows);

    expect(exitCode).toBe(0);
    expect(stderr).toContain("2 rows without a score or an outcome are left out.");
    const [{ before, after }] = jsonLines(stdout) as [Record<"before" | "after", Record<string, unknown>>];
    expect(before).toEqual({ n: 200, brier: null, hosmerLemeshow: null, ece: null });
    const [{ after: unrelated }] = jsonLines(wrongWay.stdout) as [{ after: { brier: number } }];
    expect(after.brier).toBeLessThan(unrelated.brier);
  });

  it.each([
    [["a,0.5,yes"], [], /line 2: pregnant is "yes"; wanted 0 or 1/],
    [["a,half,1"], [], /line 2: score is "half", which is no number/],
    [["a,0.5,1", "b,0.4,1"], [], /Of 2 cases 2 have the outcome/],
    [["a,0.5,1", "b,0.4,0"], [], /5 folds: wanted 2 to 2/],
    [["a,0.5,1"], ["--cycle", "patient"], /has no column patient; it has woman, score, pregnant/],
    [["a,0.5,1"], ["--folds", "1"], /--folds has to be a whole number from 2 to 1000, not 1/],
  ])("says in a sentence what is wrong with %j %j", async (rows, more, sentence) => {
    const { exitCode, stdout, stderr } = await calibration(rows, ...more);

    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
  });
});
