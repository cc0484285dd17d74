import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { onTestFinished } from "vitest";
import { untilReady } from "../../cli/canned/until-ready.ts";

export interface RunningProgram {
  readonly running: ChildProcess;
  /** With what it wrote on standard error. */
  readonly ended: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null; errors: string }>;
}

/** Runs Node with these words and with no variables but `env`, until the test is over. */
export function runProgram(words: readonly string[], env: Record<string, string>, cwd = process.cwd()): RunningProgram {
  const running = spawn(process.execPath, words, { cwd, env: { PATH: process.env.PATH!, ...env } });
  onTestFinished(() => {
    if (running.exitCode === null) running.kill("SIGKILL");
  });
  const errors: Buffer[] = [];
  running.stderr.on("data", (chunk) => errors.push(chunk));
  running.stdout.resume();
  const ended = once(running, "close").then(([exitCode, signal]) => ({
    exitCode,
    signal,
    errors: Buffer.concat(errors).toString(),
  }));
  return { running, ended };
}

/** Waits until the model server that a program runs answers. @throws Error with the program's own words when it ends instead */
export async function untilServes(url: string, { ended }: RunningProgram): Promise<void> {
  const ending = ended.then(({ errors }) => Promise.reject(new Error(`The server ended: ${errors}`)));
  await Promise.race([untilReady(url, 60), ending]);
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Begins a request; the server has taken it, and waits for its body. */
export async function begin(url: string): Promise<ClientRequest> {
  const sending = request(url, { method: "POST", headers: { Expect: "100-continue" } });
  sending.flushHeaders();
  await once(sending, "continue");
  return sending;
}

/** Sends the body of a request that was begun. */
export async function finish(sending: ClientRequest, body: Uint8Array): Promise<{ status?: number; text: string }> {
  sending.end(body);
  const [answer] = (await once(sending, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return answer.statusCode === undefined ? { text } : { status: answer.statusCode, text };
}
