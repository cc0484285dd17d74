import { existsSync } from "node:fs";
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cannedFiles } from "../../cli/canned/canned-clip.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { differencesOf } from "../../core/grading/same-prediction.ts";
import { all, environmentOf } from "../builders/dockerfile.ts";
import { assembledImage, installedPackages, modelImageStages } from "../builders/model-image.ts";
import { begin, finish, freePort, runProgram, untilServes } from "../builders/model-process.ts";
import { DEMO_BUNDLE } from "./model-server.builders.ts";

const { packages, onnxRuntime, image } = await modelImageStages();
const { version: installed } = JSON.parse(await readFile("node_modules/onnxruntime-node/package.json", "utf8"));
const { devDependencies } = JSON.parse(await readFile("package.json", "utf8"));

const fromRepository = (copies: readonly string[]) =>
  copies.filter((rest) => !rest.startsWith("--from=")).map((rest) => rest.split(/\s+/).slice(0, -1));

describe("the model server's Dockerfile", () => {
  it("pins by digest every image that it is built on, and every file that it downloads", () => {
    const bases = [packages, onnxRuntime, image].map(({ base }) => base).filter((base) => base !== packages.name);
    const downloads = [packages, onnxRuntime, image].flatMap((stage) => all(stage, "ADD"));

    expect(bases).toHaveLength(2);
    for (const base of bases) expect(base).toMatch(/^[a-z/]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
    expect(downloads).toHaveLength(1);
    for (const download of downloads) expect(download).toMatch(/^--checksum=sha256:[0-9a-f]{64} https:\/\//);
  });

  it("has the Node and the ONNX Runtime that the tests run with, for CUDA 12 and cuDNN", () => {
    const [download] = all(onnxRuntime, "ADD");

    expect(packages.base).toContain(`node:${devDependencies.node}-`);
    expect(download).toContain(`/v${installed}/onnxruntime-linux-x64-gpu_cuda12-${installed}.tgz`);
    expect(image.base).toMatch(/^nvidia\/cuda:12\.\d+\.\d+-cudnn-runtime-/);
  });

  it("copies what is there, and the context has it", async () => {
    const sources = [packages, image].flatMap((stage) => fromRepository(all(stage, "COPY")).flat());
    const context = (await readFile(".dockerignore", "utf8")).split("\n");

    expect(sources).toContain("core");
    expect(sources.filter((source) => !existsSync(source))).toEqual([]);
    expect(sources.filter((source) => !context.includes(`!${source}`))).toEqual([]);
  });

  it("tries Node where it will run, so that no image is made in which it does not start", () => {
    const places = image.instructions.map(({ keyword, rest }) => `${keyword} ${rest}`);

    const copied = places.indexOf("COPY --from=packages /usr/local/bin/node /usr/local/bin/node");
    expect(copied).toBeGreaterThanOrEqual(0);
    expect(places.indexOf("RUN node --version")).toBeGreaterThan(copied);
  });

  it("runs as nobody in particular, with the GPU asked for, where SageMaker looks for it", () => {
    const [user] = all(image, "USER");

    expect(all(image, "USER")).toHaveLength(1);
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(environmentOf(image)).toMatchObject({ DEVICE: "cuda", SAGEMAKER_BIND_TO_PORT: "8080" });
    expect(all(image, "LABEL").join()).toContain('com.amazonaws.sagemaker.capabilities.accept-bind-to-port="true"');
  });

  it("starts the server itself and no shell, so that SIGTERM reaches it", () => {
    expect(all(image, "ENTRYPOINT").map((words) => JSON.parse(words))).toEqual([["node", expect.any(String)]]);
    expect(all(image, "CMD").map((words) => JSON.parse(words))).toEqual([["serve"]]);
  });

  it("installs neither what decodes pictures nor what calls a cloud", () => {
    const names = installedPackages(packages);

    expect(names).toContain("onnxruntime-node");
    expect(names.filter((name) => /sharp|aws|cdk/.test(name))).toEqual([]);
  });
});

describe("what the Dockerfile puts together", () => {
  it("serves a bundle with nothing else there, and answers what it has after SIGTERM", async () => {
    const folder = await assembledImage();
    const model = join(folder, "opt-ml-model");
    await cp(DEMO_BUNDLE, model, { recursive: true });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const canned = cannedFiles(DEMO_BUNDLE);
    // A package that is only beside the real folder of another, and not in the image, is not found this way.
    const words = ["--preserve-symlinks", "--preserve-symlinks-main", ...entryWords(folder)];
    const machine = { DEVICE: "cpu", MODEL_BUNDLE: model, SAGEMAKER_BIND_TO_PORT: `${port}` };

    const program = runProgram(words, { ...environmentOf(image), ...machine }, folder);
    await untilServes(url, program);
    const sending = await begin(`${url}/invocations`);
    program.running.kill("SIGTERM");
    const answer = await finish(sending, await readFile(canned.clip));

    const expected = Prediction.parse(JSON.parse(await readFile(canned.prediction, "utf8")));
    expect(differencesOf(expected, Prediction.parse(JSON.parse(answer.text)), 1e-4)).toEqual([]);
    expect(await program.ended).toEqual({ exitCode: 0, signal: null, errors: "" });
    expect((await readdir(folder)).sort()).toEqual([
      ...["adapters", "core", "model-container", "node_modules", "opt-ml-model", "package.json"],
    ]);
  });

  it("refuses to start without the GPU that it asks for", async () => {
    const folder = await assembledImage();
    const machine = { MODEL_BUNDLE: DEMO_BUNDLE, SAGEMAKER_BIND_TO_PORT: "0", LOG_LEVEL: "silent" };

    const { ended } = runProgram(entryWords(folder), { ...environmentOf(image), ...machine }, folder);

    expect(await ended).toMatchObject({
      exitCode: 1,
      errors: expect.stringContaining("The model server cannot start: CUDA was asked for"),
    });
  });
});

/** What follows `node` on the image's command line, in this folder. */
function entryWords(folder: string): string[] {
  const [workdir] = all(image, "WORKDIR");
  const [entry, command] = ["ENTRYPOINT", "CMD"].map((keyword) => JSON.parse(all(image, keyword)[0]!) as string[]);
  return [...entry!.slice(1), ...command!].map((word) => word.replace(workdir!, folder));
}
