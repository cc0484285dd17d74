import { expect, it } from "vitest";
import { runTrain, standInDataset, temporaryFolder } from "./training-job.builders.ts";

it("runs the network's script here, and ends with its sentence and its exit code", async () => {
  const folders = ["--data", await standInDataset(), "--out", await temporaryFolder()];

  const { exitCode, stderr } = await runTrain(["--on", "local", "cropper", ...folders, "--epochs", "1"]);

  expect(exitCode).toBe(1);
  expect(stderr).toContain("cropper.npz is missing: prepare the dataset first");
});

it("says how it is used when the command cannot be", async () => {
  const { exitCode, stderr } = await runTrain(["--on", "local", "cnn", "--out", "run"]);

  expect(exitCode).toBe(2);
  expect(stderr).toContain("--data is missing");
  expect(stderr).toContain("Usage: npm run train");
});
