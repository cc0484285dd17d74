import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the functions are bundled for all files of a test run; empty until one of them needs them. */
    cloudFolder: string;
  }
}

/** Makes the folder for a test run and removes it at its end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-cloud-"));
  project.provide("cloudFolder", folder);
  return () => rm(folder, { recursive: true, force: true });
}
