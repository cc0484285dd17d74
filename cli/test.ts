// Every test there is: vitest's projects, then the training package's pytest. Ends with one line that counts both.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonWithTorch } from "./python.ts";

const reports = mkdtempSync(join(tmpdir(), "blastograde-tests-"));
const vitestReport = join(reports, "vitest.json");
const pytestReport = join(reports, "pytest.xml");

const vitest = run("vitest", ["run", "--reporter=default", "--reporter=json", `--outputFile=${vitestReport}`]);
const pytest = run(pythonWithTorch(), ["-m", "pytest", "-q", "model-container/training", `--junitxml=${pytestReport}`]);

const counts = [countVitest(), countPytest()];
const sum = (key: "passed" | "failed" | "skipped") => counts.reduce((total, count) => total + count[key], 0);
rmSync(reports, { recursive: true });
// A runner that failed without a failed test (a crash, a file that does not load) counts as one.
const failed = Math.max(sum("failed"), vitest === 0 && pytest === 0 ? 0 : 1);
const skipped = sum("skipped");
console.log(`${sum("passed")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 ? 0 : 1;

function run(command: string, args: string[]): number {
  return spawnSync(command, args, { stdio: "inherit" }).status ?? 1;
}

function countVitest() {
  const report = JSON.parse(readIfThere(vitestReport) ?? "{}");
  return {
    passed: Number(report.numPassedTests ?? 0),
    failed: Number(report.numFailedTests ?? 0),
    skipped: Number(report.numPendingTests ?? 0) + Number(report.numTodoTests ?? 0),
  };
}

function countPytest() {
  const suite = readIfThere(pytestReport)?.match(/<testsuite [^>]*>/)?.[0] ?? "";
  const number = (name: string) => Number(suite.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  return { passed: number("tests") - failed - number("skipped"), failed, skipped: number("skipped") };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
