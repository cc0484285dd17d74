// A clip to try endpoints of a bundle with, and what this machine's CPU makes of it, beside the bundle.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { readLocalConfig } from "../adapters/config/local-config.ts";
import { forbidTelemetry } from "../adapters/config/telemetry.ts";
import { withSortedKeys } from "../model-container/bundle/canonical-json.ts";
import { loadBundle } from "../model-container/bundle/load-bundle.ts";
import { startModelServer } from "../model-container/server/server.ts";
import { cannedClip, cannedFiles } from "./canned/canned-clip.ts";
import { invokeModel } from "./invoke-model.ts";
import { standardErrorLogger } from "./log.ts";

const USAGE = `Usage: npm run canned-clip -- [--bundle DIR]
Writes DIR.canned-clip.npz and DIR.canned-prediction.json, which npm run verify-endpoint and the check after each deployment
compare an endpoint with. DIR: MODEL_BUNDLE, if it is not said.`;

/** 0 when both files were written, 2 when the call or the bundle is wrong. */
process.exitCode = await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  return 2;
});

async function main(): Promise<number> {
  const { modelBundle, modelThreads } = readLocalConfig();
  const { values } = parseArgs({ options: { bundle: { type: "string", default: modelBundle } } });
  forbidTelemetry();
  const bundle = await loadBundle(values.bundle);
  const clip = await cannedClip(bundle);
  const server = await startModelServer({
    bundleDir: values.bundle,
    port: 0,
    threads: modelThreads,
    logger: standardErrorLogger("warn"),
  });
  const prediction = await invokeModel(server.url, clip).finally(() => server.close());
  const files = cannedFiles(values.bundle);
  await writeFile(files.clip, clip);
  await writeFile(files.prediction, `${JSON.stringify(withSortedKeys(prediction))}\n`);
  const { framesUsed, clipSha256, modelSha256 } = prediction;
  console.log(JSON.stringify({ ...files, framesUsed, bytes: clip.length, clipSha256, modelSha256 }));
  return 0;
}
