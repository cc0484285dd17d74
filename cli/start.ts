// The service on one machine. Grades a sample cycle at the first start, through its own HTTP API, and stays up.
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readLocalConfig } from "../adapters/config/local-config.ts";
import type { Send } from "./client.ts";
import { openLocalService } from "./local.ts";
import { standardErrorLogger } from "./log.ts";
import { gradeSampleCycle } from "./sample-cycle.ts";

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
  const shownUrl = config.publicUrl ?? url;
  console.log(`Blastograde is at ${shownUrl} (API: ${shownUrl}/docs). Ctrl+C stops it.`);
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
