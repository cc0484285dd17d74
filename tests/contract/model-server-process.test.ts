import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { clipBytes, DEMO_BUNDLE } from "./model-server.builders.ts";

const MAIN = join(import.meta.dirname, "../../model-container/server/main.ts");

/** The container's program, in a process of its own as SageMaker runs it. */
describe("model-container/server/main.ts", () => {
  let child: ChildProcess | undefined;
  afterEach(() => {
    if (child?.exitCode === null) child.kill("SIGKILL");
  });

  function run(words: string[], env: Record<string, string>) {
    const running = spawn(process.execPath, [MAIN, ...words], { env: { PATH: process.env.PATH!, ...env } });
    child = running;
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

  async function freePort(): Promise<number> {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, "close");
    return port;
  }

  async function begin(url: string): Promise<ClientRequest> {
    const sending = request(url, { method: "POST", headers: { Expect: "100-continue" } });
    sending.flushHeaders();
    await once(sending, "continue");
    return sending;
  }

  async function finish(sending: ClientRequest, body: Uint8Array): Promise<number | undefined> {
    sending.end(body);
    const [answer] = (await once(sending, "response")) as [IncomingMessage];
    answer.resume();
    await once(answer, "end");
    return answer.statusCode;
  }

  async function untilReady(url: string): Promise<void> {
    const ready = () =>
      fetch(`${url}/ping`).then(
        (answer) => answer.ok,
        () => false,
      );
    while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  it("serves until SIGTERM, answers what it has, and ends cleanly", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { running, ended } = run(["serve"], { SAGEMAKER_BIND_TO_PORT: String(port), MODEL_BUNDLE: DEMO_BUNDLE });
    await untilReady(url);
    // The server says "continue" once it has taken a request, whose body then comes after the signal.
    const requests = await Promise.all([1, 2, 3].map(() => begin(`${url}/invocations`)));

    running.kill("SIGTERM");
    const answers = requests.map((sending, seed) => finish(sending, clipBytes({ frames: 30, seed })));

    expect(await Promise.all(answers)).toEqual([200, 200, 200]);
    expect(await ended).toEqual({ exitCode: 0, signal: null, errors: "" });
  });

  it("says in one line why it cannot start", async () => {
    const { ended } = run(["serve"], { SAGEMAKER_BIND_TO_PORT: "0", MODEL_BUNDLE: "/nowhere", LOG_LEVEL: "silent" });

    expect(await ended).toEqual({
      exitCode: 1,
      signal: null,
      errors: expect.stringMatching(/^The model server cannot start: There is no model bundle in \/nowhere[^\n]*\n$/),
    });
  });

  it("says in one line which variable it cannot use", async () => {
    const { ended } = run(["serve"], { SAGEMAKER_BIND_TO_PORT: "http" });

    expect(await ended).toMatchObject({
      exitCode: 1,
      errors: expect.stringMatching(/^[^\n]*SAGEMAKER_BIND_TO_PORT[^\n]*\n$/),
    });
  });

  it("knows no other argument than serve", async () => {
    const { ended } = run(["train"], {});

    expect(await ended).toMatchObject({ exitCode: 2, errors: expect.stringContaining("usage:") });
  });
});
