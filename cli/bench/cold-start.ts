import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { median } from "../../core/statistics/median.ts";
import type { Bench } from "./bench.ts";
import { DEMO_BUNDLE } from "./bundles.ts";
import { mapValues, ratio, rounded } from "./figures.ts";

const MODEL_SERVER = join(import.meta.dirname, "../../model-container/server/main.ts");
const START = join(import.meta.dirname, "../start.ts");
const BARE_SERVER = 'require("node:http").createServer((_, answer) => answer.end()).listen(+process.argv[1])';

const POLL_MS = 5;

/** A program that answers 200 at a path once it is ready. */
interface Program {
  readonly words: (port: number) => readonly string[];
  readonly env: (port: number) => Record<string, string>;
  readonly path: string;
}

/**
 * Process start to the first answer of the model server and of the API, with the files in the page cache. The
 * alternatives are what Node.js itself needs: a program that does nothing, and a bare HTTP server.
 */
export const benchColdStart: Bench = async ({ folder, repeats, say }) => {
  await mkdir(folder, { recursive: true });
  const dataDir = await mkdtemp(join(folder, "cold-start-"));
  try {
    // The mark that start.ts leaves: no sample cycle is graded.
    await writeFile(join(dataDir, "sample-cycle-graded"), "");
    const programs = {
      modelServer: {
        words: () => [MODEL_SERVER, "serve"],
        env: (port) => ({ SAGEMAKER_BIND_TO_PORT: `${port}`, MODEL_BUNDLE: DEMO_BUNDLE, LOG_LEVEL: "error" }),
        path: "/ping",
      },
      api: {
        words: () => [START],
        env: (port) => ({ PORT: `${port}`, DATA_DIR: dataDir, MODEL_BUNDLE: DEMO_BUNDLE, LOG_LEVEL: "error" }),
        path: "/healthz",
      },
      bareServer: { words: (port) => ["-e", BARE_SERVER, `${port}`], env: () => ({}), path: "/" },
    } satisfies Record<string, Program>;

    const seconds = { ...mapValues(programs, (): number[] => []), emptyProgram: [] as number[] };
    // One round that is not counted brings the files into the page cache and makes the data folder.
    for (let repeat = 0; repeat <= repeats; repeat++) {
      const round = {
        modelServer: await secondsToAnswer(programs.modelServer),
        api: await secondsToAnswer(programs.api),
        bareServer: await secondsToAnswer(programs.bareServer),
        emptyProgram: await secondsOfEmptyProgram(),
      };
      say(`start ${repeat}: ${JSON.stringify(mapValues(round, rounded))}`);
      if (repeat > 0) for (const name of Object.keys(round) as (keyof typeof round)[]) seconds[name].push(round[name]);
    }
    const medians = mapValues(seconds, median);
    return {
      name: "cold-start",
      seconds: mapValues(medians, rounded),
      ratioPingToBareServer: ratio(medians.modelServer, medians.bareServer),
      ratioApiToBareServer: ratio(medians.api, medians.bareServer),
      ratioApiToEmptyProgram: ratio(medians.api, medians.emptyProgram),
    };
  } finally {
    await rm(dataDir, { recursive: true });
  }
};

async function secondsToAnswer({ words, env, path }: Program): Promise<number> {
  const port = await freePort();
  const started = performance.now();
  const child = spawn(process.execPath, words(port), { env: env(port), stdio: ["ignore", "ignore", "pipe"] });
  const errors = text(child.stderr);
  try {
    await untilAnswered(`http://127.0.0.1:${port}${path}`, child, errors);
    return (performance.now() - started) / 1e3;
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  }
}

async function untilAnswered(url: string, child: ChildProcess, errors: Promise<string>): Promise<void> {
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode} before it answered: ${await errors}`);
    await setTimeout(POLL_MS);
  }
}

async function secondsOfEmptyProgram(): Promise<number> {
  const started = performance.now();
  await once(spawn(process.execPath, ["-e", "0"], { env: {}, stdio: "ignore" }), "exit");
  return (performance.now() - started) / 1e3;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
