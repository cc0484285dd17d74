// The service on one machine. Grades a sample cycle at the first start, through its own HTTP API, and stays up.
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readLocalConfig } from "../adapters/config/local-config.ts";
import { Cohort } from "../core/contracts/http.ts";
import { gradedUpload, type Send, uploadArchive } from "./client.ts";
import { gradingsTable } from "./gradings-table.ts";
import { openLocalService } from "./local.ts";
import { standardErrorLogger } from "./log.ts";
import { sampleArchive, sampleCycle } from "./sample-cycle.ts";

let isStopping = false;

await main().catch((error: Error) => {
  if (isStopping) return; // What the stop interrupted, the next start goes on with.
  console.error(`Blastograde did not start: ${error.message}`);
  process.exit(1);
});

async function main(): Promise<void> {
  const config = readLocalConfig();
  const service = await openLocalService({ ...config, logger: standardErrorLogger(config.logLevel) });
  const url = await service.listen(config).catch((error: NodeJS.ErrnoException) => {
    throw new Error(whyNotListening(error, config), { cause: error });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      isStopping = true;
      service.close().then(() => process.exit(0));
    });
  }
  const send: Send = (path, init) => fetch(url + path, init);
  const isShown = join(config.dataDir, "sample-cycle-graded");
  if (!existsSync(isShown)) {
    console.log(await gradeSampleCycle(send));
    await writeFile(isShown, "");
  }
  console.log(`Blastograde is at ${url} (API: ${url}/docs). Ctrl+C stops it.`);
}

function whyNotListening(
  { code, message }: NodeJS.ErrnoException,
  { host, port }: { host: string; port: number },
): string {
  if (code === "EADDRINUSE") return `port ${port} of ${host} is taken; set PORT to a free one, or to 0 for any.`;
  if (code === "EACCES") return `this user may not listen on port ${port}; set PORT to one from 1024 on.`;
  if (code === "EADDRNOTAVAIL") return `${host} is no address of this machine; set HOST to one that is.`;
  return message;
}

/** Uploads what is not there yet, so that a start that was cut off is gone on with. @returns a readable table */
async function gradeSampleCycle(send: Send): Promise<string> {
  const embryos = sampleCycle();
  console.log(`First start: grading a sample cycle of ${embryos.length} phantom embryos ...`);
  for (const embryo of embryos) {
    const known = await send(`/v1/embryos/${embryo.embryoId}`);
    if (known.ok) continue;
    const uploadId = await uploadArchive(send, await sampleArchive(embryo));
    const { status } = await gradedUpload(send, uploadId);
    console.log(`${embryo.embryoId}: ${status}`);
  }
  const cohort = Cohort.parse(await (await send(`/v1/cycles/${embryos[0]!.cycleId}`)).json());
  return `\nCycle ${cohort.cycleId}, best first\n${gradingsTable(cohort.embryos)}\n`;
}
