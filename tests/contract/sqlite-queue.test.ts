import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { openSqliteDatabase } from "../../adapters/local/sqlite-database.ts";
import { openQueue } from "../../adapters/local/sqlite-queue.ts";
import { StorageUnavailable } from "../../core/errors.ts";
import { StandingClock, temporaryFolder } from "./builders.ts";
import { assertNothingLost, Job, type QueueUnderTest, queueSuite, VISIBILITY_SECONDS } from "./queue.suite.ts";

async function openJobs({ maxAttempts = 1000, file = "" } = {}) {
  const database = openSqliteDatabase({ file: file || join(await temporaryFolder(), "test.sqlite") });
  onTestFinished(() => database.close());
  const clock = new StandingClock();
  const options = { database, clock, visibilitySeconds: VISIBILITY_SECONDS, maxAttempts };
  const jobs = openQueue({ ...options, name: "jobs", schema: Job });
  /** The same queue as a sender sees it who writes anything at all. */
  const anything = openQueue({ ...options, name: "jobs", schema: z.unknown() });
  return { database, clock, jobs, anything, others: openQueue({ ...options, name: "others", schema: Job }) };
}

async function openUnderTest(): Promise<QueueUnderTest> {
  const { jobs, clock } = await openJobs();
  return {
    send: jobs.send,
    take: jobs.take,
    countDeadLetters: async () => (await jobs.depth()).dead,
    passSeconds: async (seconds) => clock.passSeconds(seconds),
  };
}

queueSuite("the SQLite queue", openUnderTest);

// Not of every queue: SQS may delete a message by the receipt of an earlier delivery, and a letter is buried by a send and a
// deletion, of which the send cannot know that the delivery has expired.
it.each(["finish", "retry", "bury"] as const)(
  "lets an expired delivery %s nothing once the message was taken again",
  async (settle) => {
    const queue = await openUnderTest();
    await queue.send({ n: 1 });
    const expired = await queue.take();
    await queue.passSeconds(VISIBILITY_SECONDS);
    const current = await queue.take();

    await expired?.[settle](new Error("too late"), 0);

    expect(await queue.take()).toBeNull();
    expect(await queue.countDeadLetters()).toBe(0);
    await queue.passSeconds(VISIBILITY_SECONDS);
    expect((await queue.take())?.attempt).toBe((current?.attempt ?? 0) + 1);
  },
);

it("loses and doubles nothing, also where expired deliveries are settled", async () => {
  await assertNothingLost(openUnderTest, { settlesExpired: true });
});

it("delivers the oldest first", async () => {
  const { jobs } = await openJobs();
  for (const n of [3, 1, 2]) await jobs.send({ n });

  const delivered = [await jobs.take(), await jobs.take(), await jobs.take()];

  expect(delivered.map((delivery) => delivery?.message.n)).toEqual([3, 1, 2]);
});

it("puts what does not parse among the dead letters and goes on with the next", async () => {
  const { jobs, anything } = await openJobs();
  for (const body of [{ n: "one" }, null, "text", { n: 2 }]) await anything.send(body);

  const delivery = await jobs.take();

  expect(delivery?.message).toEqual({ n: 2 });
  const dead = await jobs.deadLetters();
  expect(dead.map(({ body }) => body)).toEqual(['{"n":"one"}', "null", '"text"']);
  expect(dead[0]).toEqual({
    body: '{"n":"one"}',
    reason: expect.stringMatching(/^MESSAGE_UNREADABLE: /),
    buriedAt: "2026-03-01T12:00:00.000Z",
  });
});

it("sends nothing that its own schema would not read", async () => {
  const { jobs } = await openJobs();

  await expect(jobs.send({ n: Number.NaN })).rejects.toThrow();

  expect(await jobs.depth()).toEqual({ ready: 0, taken: 0, dead: 0 });
});

it("keeps the code and the message of the last error", async () => {
  const { jobs } = await openJobs();
  await jobs.send({ n: 1 });

  await (await jobs.take())?.retry(new StorageUnavailable("The disk is full."), 0);
  const second = await jobs.take();
  await second?.bury(new StorageUnavailable("The disk is still full."));

  expect(second?.lastError).toBe("STORAGE_UNAVAILABLE: The disk is full.");
  expect((await jobs.deadLetters())[0]?.reason).toBe("STORAGE_UNAVAILABLE: The disk is still full.");
});

it("counts down the attempts and hands out what is used up for the last rites", async () => {
  const { jobs, clock } = await openJobs({ maxAttempts: 2 });
  await jobs.send({ n: 1 });

  const attemptsLeft: (number | undefined)[] = [];
  for (let attempt = 1; attempt <= 3; attempt++) {
    attemptsLeft.push((await jobs.take())?.attemptsLeft);
    clock.passSeconds(VISIBILITY_SECONDS);
  }

  expect(attemptsLeft).toEqual([1, 0, -1]);
});

it("releases what a killed process had taken, and no retry before its time", async () => {
  const { jobs } = await openJobs();
  for (const n of [1, 2, 3]) await jobs.send({ n });
  await jobs.take();
  await (await jobs.take())?.retry(new Error("later"), 10);

  await jobs.releaseTaken();

  expect(await jobs.depth()).toEqual({ ready: 3, taken: 0, dead: 0 });
  expect(await jobs.take()).toMatchObject({ message: { n: 1 }, attempt: 2 });
  expect(await jobs.take()).toMatchObject({ message: { n: 3 }, attempt: 1 });
  expect(await jobs.take()).toBeNull();
});

it("counts what waits, what is taken and what is dead", async () => {
  const { jobs, clock } = await openJobs();
  for (const n of [1, 2, 3, 4]) await jobs.send({ n });
  await (await jobs.take())?.bury(new Error("no"));
  await (await jobs.take())?.retry(new Error("later"), 100);
  await jobs.take();

  expect(await jobs.depth()).toEqual({ ready: 2, taken: 1, dead: 1 });
  clock.passSeconds(VISIBILITY_SECONDS);
  expect(await jobs.depth()).toEqual({ ready: 3, taken: 0, dead: 1 });
});

it("mixes no two queues of one database", async () => {
  const { jobs, others } = await openJobs();
  await jobs.send({ n: 1 });
  await (await jobs.take())?.bury(new Error("no"));
  await others.send({ n: 2 });

  expect(await jobs.take()).toBeNull();
  expect(await others.deadLetters()).toEqual([]);
  expect((await others.take())?.message).toEqual({ n: 2 });
});

it("calls whoever listens for sends until they stop", async () => {
  const { jobs } = await openJobs();
  let calls = 0;

  const stop = jobs.onSend(() => calls++);
  await jobs.send({ n: 1 });
  stop();
  await jobs.send({ n: 2 });

  expect(calls).toBe(1);
});

it("keeps messages and dead letters over a restart", async () => {
  const file = join(await temporaryFolder(), "test.sqlite");
  const before = await openJobs({ file });
  for (const n of [1, 2]) await before.jobs.send({ n });
  await (await before.jobs.take())?.bury(new Error("no"));

  const after = await openJobs({ file });

  expect(await after.jobs.depth()).toEqual({ ready: 1, taken: 0, dead: 1 });
  expect((await after.jobs.take())?.message).toEqual({ n: 2 });
});
