import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { writeArchive } from "../../adapters/archive/zip-writer.ts";
import { median } from "../../core/statistics/median.ts";
import type { Bench } from "./bench.ts";
import { mapValues, mebibytes, ratio, rounded } from "./figures.ts";
import { outputOf } from "./output-of.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CDK = join(ROOT, "node_modules/.bin/cdk");
/** What the functions' code imports of ours. */
const SOURCES = ["core", "adapters", "functions"];

/** Each function by the construct that holds it, and where it is exported. */
const ENTRIES = {
  ingest: { construct: "/Ingest/Function/", entry: "functions/ingest/handler.ts" },
  crop: { construct: "/Crop/Function/", entry: "functions/crop/handler.ts" },
  finished: { construct: "/Finished/Function/", entry: "functions/grade/finished.ts" },
  api: { construct: "/Http/Function/", entry: "functions/grade/http.ts" },
  sweep: { construct: "/Sweep/Function/", entry: "functions/sweep/handler.ts" },
  smokeStart: { construct: "/Start/Function/", entry: "functions/smoke/start.ts" },
  smokeCheck: { construct: "/Check/Function/", entry: "functions/smoke/check.ts" },
} as const;
type FunctionName = keyof typeof ENTRIES;
const NAMES = Object.keys(ENTRIES) as FunctionName[];
/** What bundling itself leaves in an asset; everything else was put beside the code. */
const OF_BUNDLING = ["index.mjs", "node_modules", "package.json"];

const Template = z.object({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });
const FunctionResource = z.object({
  Type: z.literal("AWS::Lambda::Function"),
  Properties: z.object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }) }),
  Metadata: z.object({ "aws:cdk:path": z.string(), "aws:asset:path": z.string() }),
});

interface Deployed {
  /** The folder that is deployed. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

const EMPTY_PROGRAM = 'process.stdout.write("ready")';
const IMPORT_HANDLER = `if (typeof (await import(process.argv[1])).handler === "function") process.stdout.write("ready")`;

/**
 * Sizes and cold starts of every deployed function, bundled as `cdk synth` bundles it. The alternative is the same
 * function from its source tree and `node_modules`. Both with the files in the page cache.
 */
export const benchFunctions: Bench = async ({ folder, repeats, say }) => {
  const place = resolve(folder, "functions");
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  say("synthesising");
  const deployed = await synthesise(join(place, "assembly"));
  const sources = await copySources(join(place, "sources"), deployed);

  const sizes = {} as Record<FunctionName, Awaited<ReturnType<typeof sizesOf>>>;
  for (const name of NAMES) {
    sizes[name] = await sizesOf(deployed[name].folder, join(place, `${name}.zip`));
  }
  const bundled = mapValues(ENTRIES, (): number[] => []);
  const unbundled = mapValues(ENTRIES, (): number[] => []);
  const emptyProgram: number[] = [];
  // One round that is not counted brings the files into the page cache.
  for (let repeat = 0; repeat <= repeats; repeat++) {
    say(`start ${repeat}`);
    const empty = await msUntilReady(EMPTY_PROGRAM, [], {});
    if (repeat > 0) emptyProgram.push(empty);
    for (const name of NAMES) {
      const { folder: asset, environment } = deployed[name];
      const ours = await msUntilReady(IMPORT_HANDLER, [urlOf(asset, "index.mjs")], environment);
      const theirs = await msUntilReady(IMPORT_HANDLER, [urlOf(sources, ENTRIES[name].entry)], environment);
      if (repeat === 0) continue;
      bundled[name].push(ours);
      unbundled[name].push(theirs);
    }
  }
  return {
    name: "functions",
    emptyProgramMs: rounded(median(emptyProgram)),
    functions: mapValues(sizes, (size, name) => ({
      ...size,
      coldStartMs: rounded(median(bundled[name])),
      coldStartUnbundledMs: rounded(median(unbundled[name])),
      ratioColdStartToUnbundled: ratio(median(bundled[name]), median(unbundled[name])),
    })),
  };
};

/** Synthesises the stage `demo` as `npm run synth` does. */
async function synthesise(assembly: string): Promise<Record<FunctionName, Deployed>> {
  const app = `"${process.execPath}" infra/app.ts`;
  await outputOf(CDK, ["synth", "--quiet", "--app", app, "--output", assembly]);
  const [template] = (await readdir(assembly)).filter((file) => file.endsWith(".template.json"));
  const { Resources } = Template.parse(JSON.parse(await readFile(join(assembly, template!), "utf8")));
  const functions = Object.values(Resources).flatMap((resource) => FunctionResource.safeParse(resource).data ?? []);
  return mapValues(ENTRIES, ({ construct }, name) => {
    const found = functions.find(({ Metadata }) => Metadata["aws:cdk:path"].includes(construct));
    if (found === undefined) throw new Error(`The template has no function ${name} (${construct}).`);
    return {
      folder: join(assembly, found.Metadata["aws:asset:path"]),
      environment: { AWS_REGION: "eu-west-1", ...mapValues(found.Properties.Environment.Variables, madeUp) },
    };
  });
}

/** What only a deployment knows, as text of the same form. */
function madeUp(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  if (name.endsWith("_URL")) return `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`;
  return name === "BUCKET_OWNER" ? "123456789012" : "blastograde-bench";
}

/** The source tree, with the files beside each function that its bundle has beside it. @returns where it lies */
async function copySources(to: string, deployed: Readonly<Record<FunctionName, Deployed>>): Promise<string> {
  for (const source of SOURCES) await cp(join(ROOT, source), join(to, source), { recursive: true });
  for (const name of NAMES) {
    const { folder } = deployed[name];
    for (const file of (await readdir(folder)).filter((beside) => !OF_BUNDLING.includes(beside))) {
      await cp(join(folder, file), join(to, dirname(ENTRIES[name].entry), file), { recursive: true });
    }
  }
  return to;
}

/** @param zip where the asset is packed, deflated as the CDK's own upload is */
async function sizesOf(asset: string, zip: string) {
  const files = (await readdir(asset, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const bytes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const isJavaScript = (file: string) => [".js", ".mjs", ".cjs"].includes(extname(file));
  const sum = (wanted: (file: string) => boolean) =>
    files.reduce((total, file, n) => total + (wanted(file) ? bytes[n]! : 0), 0);
  await writeArchive(zip, entriesOf(asset, files));
  return {
    javaScriptMebibytes: mebibytes(sum(isJavaScript)),
    unzippedMebibytes: mebibytes(sum(() => true)),
    zippedMebibytes: mebibytes((await stat(zip)).size),
  };
}

async function* entriesOf(asset: string, files: readonly string[]) {
  for (const file of files) yield { name: relative(asset, file), bytes: await readFile(file) };
}

/** From starting Node.js to the first word of the program. @throws when it ends without one */
async function msUntilReady(program: string, words: readonly string[], env: Record<string, string>): Promise<number> {
  const started = performance.now();
  const args = ["--input-type=module", "--eval", program, ...words];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const ready = await Promise.race([once(child.stdout, "data"), ended.then(() => null)]);
  const ms = performance.now() - started;
  if (ready === null) throw new Error(`${words.join(" ") || program} ended before it was ready.`);
  child.kill();
  await ended;
  return ms;
}

function urlOf(folder: string, file: string): string {
  return pathToFileURL(join(folder, file)).href;
}
