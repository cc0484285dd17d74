import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ModelServer, type ModelServerOptions, startModelServer } from "../../model-container/server/server.ts";
import { clipFrames, clipOf, HOLLOW_CROPPER, hollowBundle, invoke, silent } from "./model-server.builders.ts";
import { AT_GATE, OPEN_GATE, ORDERS } from "./model-server-worker.orders.ts";

/** The server over a worker that does as it is told: what a network cannot be made to do on demand. */
describe("the model server while its worker is busy, or dies", () => {
  let dir: string;
  let server: ModelServer;
  beforeEach(async () => {
    dir = await hollowBundle();
  });
  afterEach(async () => {
    await openGate();
    await server.close();
    await rm(dir, { recursive: true });
  });

  async function start(options: Partial<ModelServerOptions> = {}) {
    const inferenceScript = new URL("./model-server-worker.fixture.ts", import.meta.url);
    server = await startModelServer({
      bundleDir: dir,
      port: 0,
      threads: 1,
      logger: silent,
      inferenceScript,
      ...options,
    });
  }
  const openGate = () => writeFile(join(dir, OPEN_GATE), "");
  const send = (order: number, answerA = 0) => {
    const frames = clipFrames({ frames: 1, orders: [order, answerA] });
    return invoke(server.url, clipOf(frames, { cropperSha256: HOLLOW_CROPPER }));
  };
  const ping = async () => (await fetch(`${server.url}/ping`)).status;
  async function until(condition: () => boolean | Promise<boolean>) {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const workerIsAtGate = () => existsSync(join(dir, AT_GATE));

  it("answers /ping while it computes", async () => {
    await start();
    const done: string[] = [];
    const invocation = send(ORDERS.waitAtGate).then(() => done.push("invocation"));
    await until(workerIsAtGate);

    const status = await ping();
    done.push("ping");
    await openGate();
    await invocation;

    expect(status).toBe(200);
    expect(done).toEqual(["ping", "invocation"]);
  });

  it("turns away with 503 what would wait behind too many, and nothing else", async () => {
    await start({ queueLimit: 2 });
    const refused: Response[] = [];
    const inWork = send(ORDERS.waitAtGate);
    await until(workerIsAtGate);

    const others = Array.from({ length: 5 }, async () => {
      const answer = await send(ORDERS.answer);
      if (answer.status === 503) refused.push(answer);
      return answer;
    });
    await until(() => refused.length === 3);
    await openGate();
    const answers = await Promise.all([inWork, ...others]);

    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 503, 503, 503]);
    expect(refused[0]!.headers.get("Retry-After")).toMatch(/^\d+$/);
    expect(refused[0]!.headers.get("Content-Type")).toBe("application/problem+json");
    expect(await refused[0]!.json()).toMatchObject({ status: 503, code: "MODEL_UNAVAILABLE", retryable: true });
  });

  it("says 503 for a clip that its worker died with, and is back by itself", async () => {
    await start();

    const answer = await send(ORDERS.throw);
    await until(async () => (await ping()) === 200);
    const later = await send(ORDERS.answer, 255);

    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: "MODEL_UNAVAILABLE", retryable: true });
    expect(later.status).toBe(200);
  });

  it.each([
    ["NaN", ORDERS.notANumber],
    ["a sum off 1", ORDERS.sumOffOne],
  ])("makes %s an error and never an answer", async (_, order) => {
    await start();

    const answer = await send(order);

    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ code: "PREDICTION_INVALID", retryable: false });
  });

  it("answers on close what it has taken, and takes no more", async () => {
    await start();
    const taken = send(ORDERS.waitAtGate, 51);
    await until(workerIsAtGate);

    const closed = server.close();
    const late = await send(ORDERS.answer).then(
      (answer) => answer.status,
      () => "refused",
    );
    await openGate();
    const answer = await taken;
    await closed;

    expect(answer.status).toBe(200);
    expect([503, "refused"]).toContain(late);
    await expect(fetch(`${server.url}/ping`)).rejects.toThrow();
  });

  it("does not wait for ever for a clip that does not end", async () => {
    await start({ drainTimeout: 200 });
    const stuck = send(ORDERS.waitAtGate).then(
      (answer) => answer.status,
      () => "cut off",
    );
    await until(workerIsAtGate);

    await server.close();

    expect([503, "cut off"]).toContain(await stuck);
  });

  it("ends while a worker is being started again", async () => {
    await start();
    await send(ORDERS.exit);

    await server.close();

    await expect(fetch(`${server.url}/ping`)).rejects.toThrow();
  });
});
