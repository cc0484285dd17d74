import { spawnSync } from "node:child_process";
import { readToolsConfig } from "../adapters/config/local-config.ts";

/** The first Python that has PyTorch. @throws with what to install when there is none */
export function pythonWithTorch(): string {
  for (const python of [readToolsConfig().python, "python3", "/usr/bin/python3"]) {
    if (python !== null && spawnSync(python, ["-c", "import torch"], { stdio: "ignore" }).status === 0) return python;
  }
  throw new Error(
    "Training needs a Python 3 with PyTorch. On Debian: apt-get install python3-torch libopenblas0-pthread; " +
      "elsewhere set PYTHON to a Python that has it.",
  );
}
