import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** One execution environment of a deployed function: it starts with the first event, and anew after it died. */
export interface CloudFunction {
  readonly deployed: FunctionSettings;
  /** Lines of its log, of all its processes. */
  readonly log: readonly string[];
  /** @throws FunctionFailed when the handler throws or the process ends before it answers */
  invoke(event: unknown): Promise<unknown>;
  /** Ends the process at once, whatever it is doing. */
  kill(): Promise<void>;
  /** The next event finds a new process, with these changes to what was deployed first. */
  redeploy(changes?: Partial<FunctionSettings>): Promise<void>;
  /** Takes the changes back. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export interface FunctionSettings {
  /** The bundle's module. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  /** By how much its clock is wrong. @default 0 */
  readonly clockAheadSeconds?: number;
}

/** What Lambda reports of an invocation that ended without an answer. */
export class FunctionFailed extends Error {
  readonly code: string;

  constructor({ code, message }: { code: string; message: string }) {
    super(message);
    this.code = code;
  }
}

interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly failure?: { readonly name: string; readonly code?: string; readonly message: string };
}

const FIXTURE = join(import.meta.dirname, "function-process.fixture.ts");

export function cloudFunction(deployed: FunctionSettings): CloudFunction {
  let settings = deployed;
  let running: ChildProcess | null = null;
  let invocations = 0;
  const log: string[] = [];

  function start(): ChildProcess {
    const { file, environment, clockAheadSeconds = 0 } = settings;
    const args = [file, String(clockAheadSeconds * 1000)];
    const child = fork(FIXTURE, args, { env: environment, execArgv: [], stdio: ["ignore", "pipe", "inherit", "ipc"] });
    createInterface({ input: child.stdout! }).on("line", (line) => log.push(line));
    child.once("exit", () => {
      if (running === child) running = null;
    });
    return child;
  }

  async function stop(): Promise<void> {
    const child = running;
    if (child === null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  return {
    deployed,
    log,
    invoke(event) {
      running ??= start();
      const child = running;
      const id = invocations++;
      return new Promise((resolve, reject) => {
        const answered = (message: Answer) => {
          if (message.id !== id) return;
          forget();
          const { failure } = message;
          if (failure === undefined) resolve(message.answer);
          else reject(new FunctionFailed({ code: failure.code ?? failure.name, message: failure.message }));
        };
        const ended = () => {
          forget();
          reject(new FunctionFailed({ code: "Runtime.ExitError", message: "The function ended before it answered." }));
        };
        const forget = () => child.off("message", answered).off("exit", ended);
        child.on("message", answered).on("exit", ended);
        child.send({ id, event });
      });
    },
    kill: stop,
    async redeploy(changes = {}) {
      await stop();
      settings = { ...deployed, ...changes };
    },
    async restore() {
      if (settings === deployed) return;
      await stop();
      settings = deployed;
    },
    close: stop,
  };
}
