import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { type InferenceThread, startInferenceThread } from "../../model-container/server/inference-thread.ts";
import { clipBytes, silent } from "./model-server.builders.ts";
import { OPEN_GATE, ORDERS } from "./model-server-worker.orders.ts";

const SCRIPT = new URL("./model-server-worker.fixture.ts", import.meta.url);

describe("the inference thread", () => {
  let dir: string;
  let thread: InferenceThread;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "thread-"));
  });
  afterEach(async () => {
    await openGate();
    await thread.close();
    await rm(dir, { recursive: true });
  });

  const openGate = () => writeFile(join(dir, OPEN_GATE), "");
  async function start(queueLimit = 16) {
    thread = await startInferenceThread({ script: SCRIPT, setup: { bundle: { dir } }, queueLimit, logger: silent });
  }
  /** The A that was ordered, or the error's code. */
  const grade = (order: number, answerA = 0) =>
    thread.grade(npzClipFormat.decode(clipBytes({ frames: 1, orders: [order, answerA] }))).then(
      ({ scores }) => Math.round(scores.icm.A * 255),
      (error: { code: string }) => error.code,
    );

  it("grades one clip after the other in the order they came, each with its own answer", async () => {
    await start();
    const done: unknown[] = [];
    const first = grade(ORDERS.waitAtGate, 9).then((answer) => done.push(answer));
    const others = [51, 102, 3].map((answerA) => grade(ORDERS.answer, answerA).then((answer) => done.push(answer)));

    const waiting = thread.waiting;
    await openGate();
    await Promise.all([first, ...others]);

    expect(waiting).toBe(3);
    expect(done).toEqual([9, 51, 102, 3]);
  });

  it("refuses what would wait behind too many", async () => {
    await start(2);
    const taken = [grade(ORDERS.waitAtGate, 9), grade(ORDERS.answer, 1), grade(ORDERS.answer, 2)];

    const refused = await grade(ORDERS.answer, 3);
    await openGate();

    expect(refused).toBe("MODEL_UNAVAILABLE");
    expect(await Promise.all(taken)).toEqual([9, 1, 2]);
    expect(await grade(ORDERS.answer, 4)).toBe(4);
  });

  it.each([
    ["throws", ORDERS.throw],
    ["exits", ORDERS.exit],
  ])("fails as retryable what a worker that %s had in hand, and starts another", async (_, order) => {
    await start();
    const pending = [grade(ORDERS.waitAtGate, 9), grade(order), grade(ORDERS.answer)];

    await openGate();
    const answers = await Promise.all(pending);
    const readyAfterDeath = thread.ready;
    const meanwhile = await grade(ORDERS.answer);
    while (!thread.ready) await new Promise((resolve) => setTimeout(resolve, 5));

    expect(answers).toEqual([9, "MODEL_UNAVAILABLE", "MODEL_UNAVAILABLE"]);
    expect(readyAfterDeath).toBe(false);
    expect(meanwhile).toBe("MODEL_UNAVAILABLE");
    expect(await grade(ORDERS.answer, 7)).toBe(7);
  });

  it("answers on close what it has, and takes no more", async () => {
    await start();
    const taken = [grade(ORDERS.waitAtGate, 9), grade(ORDERS.answer, 5)];

    const closed = thread.close();
    const late = await grade(ORDERS.answer);
    await openGate();
    await closed;

    expect(await Promise.all(taken)).toEqual([9, 5]);
    expect(late).toBe("MODEL_UNAVAILABLE");
  });

  it("does not start with a worker that cannot", async () => {
    await start();
    const script = new URL("./no-such-worker.ts", import.meta.url);

    const starting = startInferenceThread({ script, setup: {}, queueLimit: 1, logger: silent });

    await expect(starting).rejects.toMatchObject({ code: "MODEL_UNAVAILABLE" });
  });
});
