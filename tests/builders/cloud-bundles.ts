import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";

export type FunctionName = "ingest" | "crop" | "finished" | "api" | "sweep" | "smokeStart" | "smokeCheck";

export interface BundledFunctions {
  /** The module of each function, with what has to lie beside it. */
  readonly files: Readonly<Record<FunctionName, string>>;
  remove(): Promise<void>;
}

const ROOT = join(import.meta.dirname, "../..");
const MODELS = "model-container/models";
const REQUIRE = 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

const SOURCES: Readonly<Record<FunctionName, { entry: string; besides?: Readonly<Record<string, string>> }>> = {
  ingest: { entry: "functions/ingest/handler.ts" },
  crop: { entry: "functions/crop/handler.ts", besides: { "cropper.onnx": `${MODELS}/demo/cropper.onnx` } },
  finished: { entry: "functions/grade/finished.ts" },
  api: {
    entry: "functions/grade/http.ts",
    besides: {
      "swagger-ui/swagger-ui.css": "node_modules/swagger-ui-dist/swagger-ui.css",
      "swagger-ui/swagger-ui-bundle.js": "node_modules/swagger-ui-dist/swagger-ui-bundle.js",
    },
  },
  sweep: { entry: "functions/sweep/handler.ts" },
  smokeStart: {
    entry: "functions/smoke/start.ts",
    besides: { "canned-clip.npz": `${MODELS}/demo.canned-clip.npz` },
  },
  smokeCheck: {
    entry: "functions/smoke/check.ts",
    besides: { "canned-prediction.json": `${MODELS}/demo.canned-prediction.json` },
  },
};

/** The functions as they are deployed: one module each, with the files beside it, in a temporary folder. */
export async function bundledFunctions(): Promise<BundledFunctions> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-functions-"));
  // Where the native packages are found, which no bundle holds.
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const bundled = Object.entries(SOURCES).map(async ([name, { entry, besides = {} }]) => {
    const file = join(folder, name, "index.mjs");
    await build({
      entryPoints: [join(ROOT, entry)],
      outfile: file,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node24",
      banner: { js: REQUIRE },
      mainFields: ["module", "main"],
      external: ["onnxruntime-node", "sharp"],
      logLevel: "error",
    });
    for (const [to, from] of Object.entries(besides)) {
      await mkdir(dirname(join(folder, name, to)), { recursive: true });
      await copyFile(join(ROOT, from), join(folder, name, to));
    }
    return [name, file] as const;
  });
  const files = Object.fromEntries(await Promise.all(bundled)) as Record<FunctionName, string>;
  return { files, remove: () => rm(folder, { recursive: true, force: true }) };
}
