// The training runs under a folder, as model-container/training/runs.py lists them.
import { spawnSync } from "node:child_process";
import { pythonWithTorch } from "./python.ts";

try {
  const command = ["model-container/training/runs.py", ...process.argv.slice(2)];
  process.exitCode = spawnSync(pythonWithTorch(), command, { stdio: "inherit" }).status ?? 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
