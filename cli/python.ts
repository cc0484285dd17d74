import { spawnSync } from "node:child_process";

const CANDIDATES = [process.env["PYTHON"], "python3", "/usr/bin/python3"];

/** The first Python that has PyTorch. @throws with what to install when there is none */
export function pythonWithTorch(): string {
  for (const python of CANDIDATES) {
    if (python && spawnSync(python, ["-c", "import torch"], { stdio: "ignore" }).status === 0) return python;
  }
  throw new Error(
    "Training needs a Python 3 with PyTorch. On Debian: apt-get install python3-torch libopenblas0-pthread; " +
      "elsewhere set PYTHON to a Python that has it.",
  );
}
