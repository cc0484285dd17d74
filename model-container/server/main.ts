/**
 * The container's program. SageMaker calls it as `serve`, asks `GET /ping` on port 8080 and ends it with SIGTERM.
 *
 *     node model-container/server/main.ts serve
 */
import { pino } from "pino";
import { readModelServerConfig } from "../../adapters/config/local-config.ts";
import { startModelServer } from "./server.ts";

async function serve(): Promise<void> {
  const { modelBundle, port, device, modelThreads, logLevel } = readModelServerConfig();
  const logger = pino({ level: logLevel });
  const starting = startModelServer({
    bundleDir: modelBundle,
    host: "0.0.0.0",
    port,
    device,
    threads: modelThreads,
    logger,
  });
  let ending = false;
  const end = async (signal: string) => {
    if (ending) return;
    ending = true;
    logger.info({ signal }, "draining");
    // A start that fails speaks for itself below.
    await starting.then(
      (server) => server.close(),
      () => {},
    );
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  await starting;
}

if (process.argv[2] !== "serve") {
  console.error("usage: node model-container/server/main.ts serve");
  process.exitCode = 2;
} else {
  await serve().catch((error: unknown) => {
    console.error(`The model server cannot start: ${sentence(error)}`);
    process.exitCode = 1;
  });
}

/** One line: the error's own sentence and, where there is one, its cause's. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const because = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message}${because}`.replaceAll(/\s+/g, " ");
}
