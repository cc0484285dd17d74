import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

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
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error("The model server did not start.");
    await pause(50);
  }
  return { url, close: () => ended(child) };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/ping`).then(
    (answer) => answer.ok,
    () => false,
  );
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
