import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { PregnancyCalibrator } from "../../core/contracts/pregnancy-calibrator.ts";
import { calibratedProbability } from "../../core/pregnancy/pregnancy-calibrator.ts";
import { treeOf } from "../builders/dataset-folders.ts";
import { jsonLines, runCommand } from "../builders/run-command.ts";

/** Scores that are far too sure: the outcome comes at half the distance from one half. Two embryos of each woman. */
const OVERSURE = Array.from({ length: 60 }, (_, n) => {
  const score = (n % 20) / 19;
  const positive = (Math.floor(n / 20) + 0.5) / 3 < 0.5 + (score - 0.5) / 2;
  return `w${n % 30},${score.toFixed(4)},${positive ? 1 : 0}`;
});
const MODEL = "ab".repeat(32);

async function fitted(rows: readonly string[], ...more: readonly string[]) {
  const file = join(await treeOf({ "scores.csv": `woman,score,pregnant\n${rows.join("\n")}\n` }), "scores.csv");
  const out = join(dirname(file), "clinic", "calibrator.json");
  const columns = ["--scores", file, "--score", "score", "--outcome", "pregnant", "--cycle", "woman"];
  const said = ["--model-sha256", MODEL, "--description", "One clinic, 2025.", "--fitted-on", "2026-03-31"];
  return { out, ...(await runCommand("fit-calibrator", [...columns, ...said, "--out", out, ...more])) };
}

describe("npm run fit-calibrator", () => {
  it("writes a calibrator, the same from the same table, and says what it is worth", async () => {
    const { out, exitCode, stdout, stderr } = await fitted(["a,NA,1", ...OVERSURE], "--demo");
    const again = await fitted(["a,NA,1", ...OVERSURE], "--demo");

    expect([exitCode, stderr]).toEqual([0, "1 rows without a score or an outcome are left out.\n"]);
    const bytes = await readFile(out);
    expect(await readFile(again.out)).toEqual(bytes);
    const [line] = jsonLines(stdout) as [{ brier: { before: number; after: number } }];
    expect(line).toMatchObject({ out, method: "platt", cases: 60, positives: 30, cycles: 30 });
    expect(line).toMatchObject({ sha256: createHash("sha256").update(bytes).digest("hex") });
    expect(line.brier.after).toBeLessThan(line.brier.before);
    const calibrator = PregnancyCalibrator.parse(JSON.parse(bytes.toString("utf8")));
    expect(calibrator).toMatchObject({ modelSha256: MODEL, demo: true, fittedOn: "2026-03-31" });
    expect(calibrator.sample.description).toBe("One clinic, 2025.");
    expect(calibratedProbability(calibrator, 0.95).probability).toBeLessThan(0.95);
    expect(bytes.toString("utf8")).toMatch(/^\{\n {2}"demo": true,\n {2}"fittedOn".*\}\n$/s);
  });

  it.each([
    [OVERSURE.slice(0, 19), [], /19 cases of 19 cycles: wanted at least 20 cases of 10 cycles/],
    [OVERSURE.map((row) => row.replace(/.$/, "0")), [], /of 60 cases 0 are positive: wanted both outcomes/],
    [["w1,34.5,1", ...OVERSURE], [], /has score 34.5; a raw score lies between 0 and 1/],
    [OVERSURE, ["--model-sha256", "abc"], /--model-sha256 wants 64 lower-case hexadecimal digits/],
    [OVERSURE, ["--fitted-on", "31.3.2026"], /--fitted-on wants a date such as 2026-03-31, not 31.3.2026/],
    [OVERSURE, ["--description", ""], /--description wants 1 to 500 characters/],
    [OVERSURE, ["--folds", "3"], /Unknown option '--folds'/],
  ])("says in a sentence what is wrong, and writes nothing: %#", async (rows, more, sentence) => {
    const { out, exitCode, stdout, stderr } = await fitted(rows, ...more);

    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
    await expect(readFile(out)).rejects.toThrow("ENOENT");
  });
});
