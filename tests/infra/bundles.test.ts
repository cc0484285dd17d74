import { execFile } from "node:child_process";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployedEnvironment, type Synthesised, synthesise } from "../builders/synth.ts";

const MEGABYTE = 1e6;
let synthesised: Synthesised;

beforeAll(async () => {
  synthesised = await synthesise({ bundle: true });
});
afterAll(() => synthesised.close());

const folderOf = (name: string) => {
  const folder = synthesised.functions.find((one) => one.name === name)?.assetFolder;
  if (!folder) throw new Error(`The function ${name} was not bundled.`);
  return folder;
};
const filesIn = (folder: string, pattern = "**/*") =>
  globSync(pattern, { cwd: folder }).filter((file) => statSync(join(folder, file)).isFile());
const bytesOf = (folder: string, files: readonly string[]) =>
  files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);

describe.each(["ingest", "crop", "finished", "api", "sweep", "smoke-start", "smoke-check"])(
  "the bundle of %s",
  (name) => {
    it("loads from its own folder, with nothing beside it", async () => {
      const bundled = synthesised.functions.find((one) => one.name === name)!;
      const env = { ...deployedEnvironment(bundled), AWS_REGION: "eu-central-1" };

      const script = `const { handler } = await import(${JSON.stringify(join(folderOf(name), "index.mjs"))}); console.log(typeof handler);`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
        env,
      });
      expect(stdout.trim()).toBe("function");
    });

    it("has under 5 MB of JavaScript of its own", () => {
      expect(statSync(join(folderOf(name), "index.mjs")).size).toBeLessThan(5 * MEGABYTE);
    });

    it("has nothing that npm noted down for itself", () => {
      expect(filesIn(folderOf(name), "{package-lock.json,node_modules/.package-lock.json}")).toEqual([]);
    });
  },
);

describe("the crop function", () => {
  it("has under 100 MB unzipped", () => {
    const folder = folderOf("crop");

    expect(bytesOf(folder, filesIn(folder))).toBeLessThan(100 * MEGABYTE);
  });

  it("has the libraries of Linux on x86-64 and of nothing else", () => {
    const folder = join(folderOf("crop"), "node_modules");

    expect(globSync("onnxruntime-node/bin/*/*/*", { cwd: folder })).toEqual([
      expect.stringMatching(/^onnxruntime-node\/bin\/napi-v[0-9]+\/linux\/x64$/),
    ]);
    expect(globSync("@img/sharp-*", { cwd: folder }).sort()).toEqual([
      "@img/sharp-libvips-linux-x64",
      "@img/sharp-linux-x64",
    ]);
  });

  it("has the cropper of the stage's model bundle beside it", () => {
    const cropper = readFileSync(join(folderOf("crop"), "cropper.onnx"));

    expect(cropper.equals(readFileSync("model-container/models/demo/cropper.onnx"))).toBe(true);
  });
});

it("has neither networks nor pictures' libraries where they are not needed", () => {
  for (const name of ["ingest", "api", "sweep", "smoke-start", "smoke-check"]) {
    expect(globSync("node_modules", { cwd: folderOf(name) })).toEqual([]);
  }
  expect(globSync("node_modules/onnxruntime-node", { cwd: folderOf("finished") })).toEqual([]);
});

it("has what the API shows its documentation with, and what the smoke grading is held to", () => {
  expect(filesIn(folderOf("api"), "swagger-ui/*").sort()).toEqual([
    "swagger-ui/swagger-ui-bundle.js",
    "swagger-ui/swagger-ui.css",
  ]);
  expect(filesIn(folderOf("smoke-start"), "canned-clip.npz")).toHaveLength(1);
  expect(filesIn(folderOf("smoke-check"), "canned-prediction.json")).toHaveLength(1);
});
