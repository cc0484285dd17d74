import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TRAINING_FOLDER } from "../../cli/training/training-code.ts";
import { NETWORKS } from "../../cli/training/training-files.ts";
import { runTrain, standInDataset, temporaryFolder } from "./training-job.builders.ts";

it("runs the network's script here, and ends with its sentence and its exit code", async () => {
  const folders = ["--data", await standInDataset(), "--out", await temporaryFolder()];

  const { exitCode, stderr } = await runTrain(["--on", "local", "cropper", ...folders, "--epochs", "1"]);

  expect(exitCode).toBe(1);
  expect(stderr).toContain("cropper.npz is missing: prepare the dataset first");
});

it.each(NETWORKS)("has a script that trains the %s", (network) => {
  expect(existsSync(join(TRAINING_FOLDER, `train_${network}.py`))).toBe(true);
});

it("says how it is used when the command cannot be", async () => {
  const { exitCode, stderr } = await runTrain(["--on", "local", "cnn", "--out", "run"]);

  expect(exitCode).toBe(2);
  expect(stderr).toContain("--data is missing");
  expect(stderr).toContain("Usage: npm run train");
});
