import { execFile } from "node:child_process";
import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { inject } from "vitest";

/** As `synth.ts` names them. */
export type FunctionName = "ingest" | "crop" | "finished" | "api" | "sweep" | "smoke-start" | "smoke-check";

/** The queue that a function is fed by, and how. */
export interface QueueFeed {
  readonly batchSize: number;
  readonly reportsBatchItemFailures: boolean;
  readonly visibilityTimeoutSeconds: number;
  readonly maxReceiveCount: number;
}

export interface BundledFunction {
  /** The bundled module, with what is delivered beside it. */
  readonly file: string;
  /** Variables as the template has them: text, or an object where only a deployment knows. */
  readonly environment: Readonly<Record<string, unknown>>;
  /** Null where no queue feeds it. */
  readonly feed: QueueFeed | null;
}

export type BundledFunctions = Readonly<Record<FunctionName, BundledFunction>>;

const FIXTURE = join(import.meta.dirname, "cloud-bundles.fixture.ts");

/**
 * The functions as `cdk synth` bundles them. Bundling takes half a minute, so one file of a test run does it and the others
 * wait for it.
 */
export async function bundledFunctions(): Promise<BundledFunctions> {
  const folder = inject("cloudFolder");
  const [result, failure] = [join(folder, "functions.json"), join(folder, "failure")];
  if (await isFirst(join(folder, "begun"))) {
    // In a process of its own: synthesis lets nothing else run beside it.
    await promisify(execFile)(process.execPath, [FIXTURE, folder]).catch(async (error: Error) => {
      await mkdir(failure);
      throw error;
    });
  }
  while (!(await exists(result))) {
    if (await exists(failure)) throw new Error("The functions could not be bundled; another test's file says why.");
    await pause(100);
  }
  return JSON.parse(await readFile(result, "utf8"));
}

async function isFirst(folder: string): Promise<boolean> {
  return mkdir(folder).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
