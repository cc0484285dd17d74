import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type ConsumerOptions, startConsumer } from "../../adapters/local/sqlite-consumer.ts";
import { openSqliteDatabase } from "../../adapters/local/sqlite-database.ts";
import { openQueue } from "../../adapters/local/sqlite-queue.ts";
import { systemClock } from "../../adapters/system/clock-and-ids.ts";
import { type BlastogradeError, ModelUnavailable, NotAZip, StorageUnavailable } from "../../core/errors.ts";
import { temporaryFolder } from "./builders.ts";
import { Job } from "./queue.suite.ts";

const logger = { info() {}, warn() {}, error() {} };

async function openJobs({ maxAttempts = 3 } = {}) {
  const database = openSqliteDatabase({ file: join(await temporaryFolder(), "test.sqlite") });
  const options = { database, name: "jobs", schema: Job, clock: systemClock, visibilitySeconds: 600, maxAttempts };
  const queue = openQueue(options);
  const consumers: { stop(): Promise<void> }[] = [];
  onTestFinished(async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    database.close();
  });

  function start(given: Partial<ConsumerOptions<Job>> & Pick<ConsumerOptions<Job>, "handle">) {
    const timing = { concurrency: 1, backoffSeconds: [0.01], pollSeconds: 0.02 };
    const consumer = startConsumer({ queue, logger, ...timing, ...given });
    consumers.push(consumer);
    return consumer;
  }
  return { queue, start };
}

it("handles what was there before it and what is sent later, at once", async () => {
  const { queue, start } = await openJobs();
  const handled: number[] = [];
  await queue.send({ n: 1 });

  const consumer = start({ handle: async ({ n }) => void handled.push(n), pollSeconds: 3600 });
  await consumer.idle();
  await queue.send({ n: 2 });
  await consumer.idle();

  expect(handled).toEqual([1, 2]);
  expect(await queue.depth()).toEqual({ ready: 0, taken: 0, dead: 0 });
});

it("handles as many at once as it may, and no more", async () => {
  const { queue, start } = await openJobs();
  for (let n = 0; n < 9; n++) await queue.send({ n });
  let atOnce = 0;
  let most = 0;

  const consumer = start({
    concurrency: 3,
    handle: async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce--;
    },
  });
  await consumer.idle();

  expect(most).toBe(3);
});

it.each([
  ["a retryable error", new ModelUnavailable("Not yet.")],
  ["an error it does not know", new TypeError("A bug.")],
])("tries again after %s", async (_what, error) => {
  const { queue, start } = await openJobs();
  const attempts: number[] = [];
  await queue.send({ n: 1 });

  const consumer = start({
    handle: async (_job, attempt) => {
      attempts.push(attempt);
      if (attempt < 3) throw error;
    },
  });
  await consumer.idle();

  expect(attempts).toEqual([1, 2, 3]);
  expect((await queue.depth()).dead).toBe(0);
});

it("buries at once what will not get better, and tells why", async () => {
  const { queue, start } = await openJobs();
  const told: [Job, string][] = [];
  await queue.send({ n: 1 });

  const consumer = start({
    handle: async () => {
      throw new NotAZip("The upload is no zip.");
    },
    onDead: async (job, error) => void told.push([job, error.code]),
  });
  await consumer.idle();

  expect(told).toEqual([[{ n: 1 }, "NOT_A_ZIP"]]);
  expect((await queue.deadLetters())[0]?.reason).toBe("NOT_A_ZIP: The upload is no zip.");
});

it("gives up after the last attempt and says so", async () => {
  const { queue, start } = await openJobs({ maxAttempts: 2 });
  const told: BlastogradeError[] = [];
  await queue.send({ n: 1 });

  const consumer = start({
    handle: async () => {
      throw new ModelUnavailable("Still not there.");
    },
    onDead: async (_job, error) => void told.push(error),
  });
  await consumer.idle();

  expect(told).toMatchObject([{ code: "STATION_GAVE_UP", message: expect.stringContaining("Still not there.") }]);
  expect((await queue.deadLetters())[0]?.reason).toBe("MODEL_UNAVAILABLE: Still not there.");
});

it("does not handle again what killed the process at every attempt, but closes it", async () => {
  const { queue, start } = await openJobs({ maxAttempts: 2 });
  await queue.send({ n: 1 });
  for (let killed = 1; killed <= 2; killed++) {
    await queue.take();
    await queue.releaseTaken();
  }
  const seen: string[] = [];

  const consumer = start({
    handle: async () => void seen.push("handled"),
    onDead: async (_job, error) => void seen.push(error.code),
  });
  await consumer.idle();

  expect(seen).toEqual(["STATION_GAVE_UP"]);
  expect((await queue.depth()).dead).toBe(1);
});

it("tells of a death before it is durable, and again if telling failed", async () => {
  const { queue, start } = await openJobs({ maxAttempts: 1 });
  const deadWhenTold: number[] = [];
  await queue.send({ n: 1 });

  const consumer = start({
    handle: async () => {
      throw new NotAZip("The upload is no zip.");
    },
    onDead: async () => {
      deadWhenTold.push((await queue.depth()).dead);
      if (deadWhenTold.length < 3) throw new StorageUnavailable("Not now.");
    },
  });
  await consumer.idle();

  expect(deadWhenTold).toEqual([0, 0, 0]);
  expect((await queue.depth()).dead).toBe(1);
});

it("finishes what is in hand before it stops, and takes nothing more", async () => {
  const { queue, start } = await openJobs();
  for (const n of [1, 2]) await queue.send({ n });
  const handled: number[] = [];
  const begun = Promise.withResolvers<void>();

  const consumer = start({
    handle: async ({ n }) => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 20));
      handled.push(n);
    },
  });
  await begun.promise;
  await consumer.stop();

  expect(handled).toEqual([1]);
  expect(await queue.depth()).toEqual({ ready: 1, taken: 0, dead: 0 });
});

it("goes on after the queue could not be read", async () => {
  const { queue, start } = await openJobs();
  let failures = 2;
  const flaky = {
    ...queue,
    take: async () => {
      if (failures-- > 0) throw new StorageUnavailable("Another process is writing.");
      return queue.take();
    },
  };
  await queue.send({ n: 1 });
  const handled: number[] = [];

  const consumer = start({ queue: flaky, handle: async ({ n }) => void handled.push(n) });
  await consumer.idle();

  expect(handled).toEqual([1]);
});
