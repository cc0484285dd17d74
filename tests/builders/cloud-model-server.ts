import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { untilReady } from "../../cli/canned/until-ready.ts";
import { freePort } from "./model-process.ts";

export interface ModelContainer {
  readonly url: string;
  close(): Promise<void>;
}

const MAIN = join(import.meta.dirname, "../../model-container/server/main.ts");

/** The model server as its container starts it, in a process of its own, once it is warm. */
export async function startModelContainer(bundleDir: string): Promise<ModelContainer> {
  const port = await freePort();
  const child = spawn(process.execPath, [MAIN, "serve"], {
    env: {
      PATH: process.env.PATH!,
      SAGEMAKER_BIND_TO_PORT: String(port),
      MODEL_BUNDLE: bundleDir,
      MODEL_THREADS: "1",
      LOG_LEVEL: "silent",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  const ended = once(child, "exit");
  await Promise.race([untilReady(url, 60), ended.then(() => Promise.reject(new Error("The model server ended.")))]);
  return {
    url,
    async close() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
