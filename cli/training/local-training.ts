import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { environmentWith } from "../../adapters/config/local-config.ts";
import { pythonWithTorch } from "../python.ts";
import type { LocalTraining } from "./train-options.ts";
import { TRAINING_FOLDER } from "./training-code.ts";

// As in sagemaker_entry.py: PyTorch 1.13 under Python 3.11 fails on its own default of these two.
const LEAVE_OUTPUT = ["--redirects=9:1", "--tee=9:1"];

/**
 * Runs the network's script here, under torchrun where several processes are asked for.
 *
 * @returns the script's exit code
 */
export function trainHere({ network, data, out, processes, arguments: own }: LocalTraining): Promise<number> {
  const script = join(TRAINING_FOLDER, `train_${network}.py`);
  const launcher = ["-m", "torch.distributed.run", ...LEAVE_OUTPUT, "--standalone", `--nproc_per_node=${processes}`];
  const command = [...(processes > 1 ? launcher : []), script, "--data", data, "--out", out, ...own];
  // Threads that wait by spinning make each other slow as soon as anything else runs.
  const env = environmentWith({ OMP_WAIT_POLICY: "PASSIVE" });
  const child = spawn(pythonWithTorch(), command, { stdio: "inherit", env });
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  process.on("SIGINT", passOn).on("SIGTERM", passOn);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
  });
}
