import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cruise, type ICruiseOptions, type ICruiseResult } from "dependency-cruiser";
import extractDepcruiseOptions from "dependency-cruiser/config-utl/extract-depcruise-options";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const FOLDERS = ["core", "adapters", "functions", "model-container", "phantom", "cli", "infra", "tests"];

/** A file that must not be, by the rule that it breaks. */
interface Plant {
  readonly rule: string;
  readonly file: string;
  readonly imports: string;
}

const plant = (rule: string, file: string, imports: string): Plant => ({ rule, file, imports });

const PLANTS: readonly Plant[] = [
  plant("core-is-pure", "core/reads-a-file.ts", "node:fs/promises"),
  plant("core-is-pure", "core/knows-an-sdk.ts", "@aws-sdk/client-s3"),
  plant("core-is-pure", "core/knows-an-adapter.ts", "../adapters/image/sound.ts"),
  plant("an-adapter-knows-core-only", "adapters/image/knows-another.ts", "../onnx/sound.ts"),
  plant("an-adapter-knows-core-only", "adapters/image/knows-the-phantom.ts", "../../phantom/sound.ts"),
  plant("adapter-archive-knows-its-own-vendor-only", "adapters/archive/knows-sharp.ts", "sharp"),
  plant("adapter-aws-knows-its-own-vendor-only", "adapters/aws/knows-sharp.ts", "sharp"),
  plant("adapter-config-knows-its-own-vendor-only", "adapters/config/knows-pino.ts", "pino"),
  plant("adapter-image-knows-its-own-vendor-only", "adapters/image/knows-a-zip.ts", "yauzl"),
  plant("adapter-local-knows-its-own-vendor-only", "adapters/local/knows-hono.ts", "hono"),
  plant("adapter-log-knows-its-own-vendor-only", "adapters/log/knows-hono.ts", "hono"),
  plant("adapter-system-knows-its-own-vendor-only", "adapters/system/knows-pino.ts", "pino"),
  plant("adapter-onnx-knows-its-own-vendor-only", "adapters/onnx/knows-sharp.ts", "sharp"),
  plant("adapter-archive-is-its-vendors-sole-importer", "cli/unzips.ts", "yauzl"),
  plant("adapter-aws-is-its-vendors-sole-importer", "functions/ingest/knows-s3.ts", "@aws-sdk/client-s3"),
  plant("adapter-image-is-its-vendors-sole-importer", "cli/decodes.ts", "sharp"),
  plant("adapter-local-is-its-vendors-sole-importer", "cli/queries.ts", "node:sqlite"),
  plant("adapter-onnx-is-its-vendors-sole-importer", "model-container/server/runs.ts", "onnxruntime-node"),
  plant(
    "a-function-knows-core-adapters-and-hono",
    "functions/grade/knows-the-model.ts",
    "../../model-container/sound.ts",
  ),
  plant("a-function-knows-core-adapters-and-hono", "functions/grade/reads-a-file.ts", "node:fs"),
  plant("no-function-knows-another", "functions/crop/knows-ingest.ts", "../ingest/sound.ts"),
  plant(
    "the-model-container-knows-what-it-serves-with",
    "model-container/server/stores.ts",
    "../../adapters/local/sound.ts",
  ),
  plant("the-model-container-has-few-packages", "model-container/server/draws-a-table.ts", "cli-table3"),
  plant("the-phantom-knows-core-and-pictures", "phantom/zips.ts", "../adapters/archive/sound.ts"),
  plant("the-phantom-knows-core-and-pictures", "phantom/reads-a-file.ts", "node:fs"),
  plant("infra-knows-the-cdk-and-the-contracts", "infra/runs-a-station.ts", "../core/sound.ts"),
  plant("only-infra-knows-the-cdk", "adapters/aws/deploys.ts", "aws-cdk-lib"),
  plant("nobody-imports-the-outermost", "adapters/local/knows-a-command.ts", "../../cli/sound.ts"),
  plant(
    "nobody-imports-the-outermost",
    "model-container/server/knows-a-function.ts",
    "../../functions/ingest/sound.ts",
  ),
  plant("nobody-imports-the-outermost", "functions/grade/knows-a-test.ts", "../../tests/sound.ts"),
  plant("the-commands-take-the-api-as-it-is", "cli/local.ts", "../functions/ingest/sound.ts"),
  plant("only-the-local-wiring-takes-the-api", "cli/wires-again.ts", "../functions/grade/app.ts"),
  plant("the-commands-take-the-model-server-as-it-is", "cli/takes-a-part.ts", "../model-container/sound.ts"),
  plant(
    "only-commands-import-the-model-container",
    "functions/crop/loads-the-model.ts",
    "../../model-container/sound.ts",
  ),
  plant("only-commands-import-the-phantom", "model-container/server/knows-the-phantom.ts", "../../phantom/sound.ts"),
  plant("no-circular-imports", "phantom/half.ts", "./other-half.ts"),
  plant("no-development-package-in-what-ships", "cli/checks.ts", "vitest"),
  plant("no-undeclared-package", "cli/borrows.ts", "undeclared"),
  plant("no-unresolvable-import", "core/misspelt.ts", "./contracts/greids.ts"),
];

const SOUND = [
  "core/sound.ts",
  "core/contracts/sound.ts",
  "adapters/archive/sound.ts",
  "adapters/image/sound.ts",
  "adapters/local/sound.ts",
  "adapters/onnx/sound.ts",
  "functions/grade/app.ts",
  "functions/ingest/sound.ts",
  "model-container/sound.ts",
  "phantom/sound.ts",
  "cli/sound.ts",
  "infra/sound.ts",
  "tests/sound.ts",
];
const DECLARED = [
  "@aws-sdk/client-s3",
  "aws-cdk-lib",
  "cli-table3",
  "hono",
  "onnxruntime-node",
  "pino",
  "sharp",
  "yauzl",
];
const DEVELOPMENT = ["vitest"];
const UNDECLARED = ["undeclared"];

const rules: ICruiseOptions = await extractDepcruiseOptions("./.dependency-cruiser.mjs");

async function cruised(folders: string[], options: ICruiseOptions): Promise<ICruiseResult> {
  const { output } = await cruise(folders, options);
  if (typeof output === "string") throw new Error(`dependency-cruiser answered with a text: ${output}`);
  return output;
}

const violationsOf = ({ summary }: ICruiseResult) =>
  summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));

describe("the import rules", () => {
  it("are kept", async () => {
    const result = await cruised(FOLDERS, rules);

    expect(violationsOf(result)).toEqual([]);
  });

  it("were held against the whole house", async () => {
    const { modules } = await cruised(FOLDERS, rules);

    const ours = modules
      .map(({ source }) => source)
      .filter((source) => source.endsWith(".ts") && !source.includes("node_modules"));
    expect(ours.length).toBeGreaterThan(100);
    expect(new Set(ours.map((source) => source.split("/")[0]))).toEqual(new Set(FOLDERS));
    expect(modules.flatMap(({ dependencies }) => dependencies).length).toBeGreaterThan(500);
  });

  it("each say why", () => {
    const forbidden = rules.ruleSet?.forbidden ?? [];

    expect(forbidden.filter(({ comment }) => !/^[A-Z].{40,}\.$/.test(comment ?? ""))).toEqual([]);
  });
});

describe("a planted violation", () => {
  let house: string;
  let violations: ReturnType<typeof violationsOf>;

  beforeAll(async () => {
    house = await mkdtemp(join(tmpdir(), "blastograde-house-"));
    for (const file of SOUND) await put(file, "export const sound = true;\n");
    for (const { file, imports } of PLANTS) await put(file, `import ${JSON.stringify(imports)};\n`);
    await put("phantom/other-half.ts", 'import "./half.ts";\n');
    for (const name of [...DECLARED, ...DEVELOPMENT, ...UNDECLARED]) {
      await put(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", main: "index.js" }));
      await put(`node_modules/${name}/index.js`, "");
    }
    const versions = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "1.0.0"]));
    await put(
      "package.json",
      JSON.stringify({ name: "house", dependencies: versions(DECLARED), devDependencies: versions(DEVELOPMENT) }),
    );
    const { tsConfig: _, ...options } = rules;
    violations = violationsOf(await cruised(FOLDERS, { ...options, baseDir: house }));
  });

  afterAll(() => rm(house, { recursive: true, force: true }));

  it.each(PLANTS)("is found by $rule in $file", ({ rule, file }) => {
    expect(violations.filter(({ from }) => from === file).map((violation) => violation.rule)).toContain(rule);
  });

  it("is there for every rule", () => {
    const names = (rules.ruleSet?.forbidden ?? []).map(({ name }) => name);

    expect(new Set(PLANTS.map(({ rule }) => rule))).toEqual(new Set(names));
  });

  it("is all that is found", () => {
    const planted = new Set(PLANTS.map(({ file }) => file));

    expect(violations.filter(({ from }) => !planted.has(from))).toEqual([]);
  });

  async function put(file: string, text: string): Promise<void> {
    await mkdir(dirname(join(house, file)), { recursive: true });
    await writeFile(join(house, file), text);
  }
});
