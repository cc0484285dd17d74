import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { begin, finish, freePort, runProgram, untilServes } from "../builders/model-process.ts";
import { clipBytes, DEMO_BUNDLE } from "./model-server.builders.ts";

const MAIN = join(import.meta.dirname, "../../model-container/server/main.ts");

/** The container's program, in a process of its own as SageMaker runs it. */
describe("model-container/server/main.ts", () => {
  const run = (words: readonly string[], env: Record<string, string>) => runProgram([MAIN, ...words], env);

  it("serves until SIGTERM, answers what it has, and ends cleanly", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const program = run(["serve"], { SAGEMAKER_BIND_TO_PORT: String(port), MODEL_BUNDLE: DEMO_BUNDLE });
    await untilServes(url, program);
    // The server says "continue" once it has taken a request, whose body then comes after the signal.
    const requests = await Promise.all([1, 2, 3].map(() => begin(`${url}/invocations`)));

    program.running.kill("SIGTERM");
    const answers = await Promise.all(
      requests.map((sending, seed) => finish(sending, clipBytes({ frames: 30, seed }))),
    );

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await program.ended).toEqual({ exitCode: 0, signal: null, errors: "" });
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
