import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface CommandOutcome {
  readonly exitCode: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the commands behind the npm scripts as its own process, as `npm run` does. */
export function runCommand(
  script:
    | "agreement"
    | "calibration"
    | "canned-clip"
    | "cost"
    | "crop"
    | "evaluate"
    | "fit-calibrator"
    | "grade"
    | "pregnancy-report"
    | "verify-endpoint",
  args: readonly string[],
  env = {},
): Promise<CommandOutcome> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
  return new Promise((resolve) => {
    execFile(process.execPath, [`cli/${script}.ts`, ...args], options, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

/** A folder with these files, removed when the test is over. */
export async function folderOf(files: Readonly<Record<string, Blob | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-files-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const bytes = content instanceof Blob ? new Uint8Array(await content.arrayBuffer()) : content;
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}

/** What a command printed as JSON, one value a line. */
export function jsonLines(stdout: string): unknown[] {
  return stdout
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
