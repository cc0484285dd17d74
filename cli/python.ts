import { spawnSync } from "node:child_process";
import { readToolsConfig } from "../adapters/config/local-config.ts";

// What cli/setup.mjs looks for too: it runs before TypeScript can, so a test keeps the two alike.
const NEEDED = "import torch, numpy, pytest";

/** The first Python that has what training and its tests import. @throws with what to install when there is none */
export function pythonWithTorch(): string {
  for (const python of [readToolsConfig().python, "python3", "/usr/bin/python3"]) {
    if (python !== null && spawnSync(python, ["-c", NEEDED], { stdio: "ignore" }).status === 0) return python;
  }
  throw new Error(
    "Training needs a Python 3 with PyTorch, NumPy and pytest. On Debian: apt-get install python3-torch " +
      "libopenblas0-pthread python3-numpy python3-pytest; elsewhere set PYTHON to a Python that has them.",
  );
}
