// Synthesises the tests' stage with its functions bundled into a folder, and says in its functions.json what they are.
import { rename, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { CLINICS } from "./cloud-clinics.ts";
import { synthesise } from "./synth.ts";

const folder = process.argv[2]!;
const synthesised = await synthesise({ bundle: true, stage: { clinics: CLINICS } });
const assembly = join(folder, "assembly");
await rename(synthesised.folder, assembly);
const functions = synthesised.functions.map(({ name, assetFolder, environment }) => {
  return [name, { file: join(assembly, relative(synthesised.folder, assetFolder!), "index.mjs"), environment }];
});
await writeFile(join(folder, "draft"), JSON.stringify(Object.fromEntries(functions)));
// At once: others read it as soon as it is there.
await rename(join(folder, "draft"), join(folder, "functions.json"));
