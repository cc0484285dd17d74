import { createHash } from "node:crypto";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { type SqsBatchOptions, sqsBatch } from "../../adapters/aws/sqs-batch.ts";
import { type BlastogradeError, ModelUnavailable, NotAZip, StorageUnavailable } from "../../core/errors.ts";
import { sqsEvent } from "../builders/aws-events.ts";
import type { AwsCall, ScriptedAnswer } from "../builders/scripted-aws.ts";
import { usingScriptedAws } from "./aws.builders.ts";
import { Job } from "./queue.suite.ts";

const MAX_ATTEMPTS = 4;
const logger = { warn() {}, error() {} };

/** A batch function over an SQS that does what it is asked and remembers it. */
async function openBatch(given: Partial<SqsBatchOptions<Job>> & { refuse?: string } = {}) {
  const aws = await usingScriptedAws();
  aws.answer = (call) => (given.refuse === actionOf(call) ? { status: 403 } : accepted(call));
  const told: { n: number; error: BlastogradeError }[] = [];
  const batch = sqsBatch<Job>({
    parse: (body) => [Job.parse(JSON.parse(body))],
    handle: async () => {},
    onDead: async ({ n }, error) => void told.push({ n, error }),
    queueUrl: `${aws.url}/000000000000/jobs`,
    deadLetterQueueUrl: `${aws.url}/000000000000/jobs-dead`,
    maxAttempts: MAX_ATTEMPTS,
    logger,
    random: () => 0.999,
    ...given,
  });
  const asked = (action: string) =>
    aws.calls.filter((call) => actionOf(call) === action).map(({ body }) => JSON.parse(body.toString()));
  return {
    run: async (event: SQSEvent): Promise<SQSBatchResponse> => batch(event),
    told,
    buried: () =>
      asked("SendMessage").map(({ QueueUrl, MessageBody, MessageAttributes }) => {
        expect(QueueUrl).toBe(`${aws.url}/000000000000/jobs-dead`);
        return { body: MessageBody, cause: MessageAttributes.cause.StringValue };
      }),
    hidden: () =>
      asked("ChangeMessageVisibility").map(({ QueueUrl, ReceiptHandle, VisibilityTimeout }) => {
        expect(QueueUrl).toBe(`${aws.url}/000000000000/jobs`);
        return { receipt: ReceiptHandle, seconds: VisibilityTimeout };
      }),
  };
}

const jobs = (...numbers: number[]) => numbers.map((n) => ({ body: JSON.stringify({ n }) }));
const nine = jobs(1, 2, 3, 4, 5, 6, 7, 8, 9);
const failures = (event: SQSEvent, ...indices: number[]) => ({
  batchItemFailures: indices.map((index) => ({ itemIdentifier: event.Records[index]!.messageId })),
});
const notYet = async () => {
  throw new ModelUnavailable("Not yet.");
};

it("handles each record of a batch once, and reports none", async () => {
  const handled: [number, number][] = [];
  const { run, buried, hidden } = await openBatch({
    handle: async ({ n }, attempt) => void handled.push([n, attempt]),
  });

  const response = await run(sqsEvent(jobs(1, 2, 3), { attempt: 2 }));

  expect(response).toEqual({ batchItemFailures: [] });
  expect(handled).toEqual([
    [1, 2],
    [2, 2],
    [3, 2],
  ]);
  expect([...buried(), ...hidden()]).toEqual([]);
});

it("buries the one poison message of ten with its cause, and handles the other nine", async () => {
  const handled: number[] = [];
  const { run, told, buried, hidden } = await openBatch({ handle: async ({ n }) => void handled.push(n) });

  const response = await run(sqsEvent([...nine, { body: "no JSON" }]));

  expect(response).toEqual({ batchItemFailures: [] });
  expect(handled).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(buried()).toEqual([{ body: "no JSON", cause: "MESSAGE_UNREADABLE" }]);
  expect([...told, ...hidden()]).toEqual([]);
});

it.each([
  ["a retryable error", new ModelUnavailable("Not yet.")],
  ["an error it does not know", new TypeError("A bug.")],
  ["what is no error", "a text"],
])("hides and reports the one message of ten that failed with %s, by its own receipt", async (_what, error) => {
  const { run, told, buried, hidden } = await openBatch({
    handle: async ({ n }) => {
      if (n === 0) throw error;
    },
  });
  const event = sqsEvent([...nine.slice(0, 4), ...jobs(0), ...nine.slice(4)]);

  const response = await run(event);

  expect(response).toEqual(failures(event, 4));
  expect(hidden()).toEqual([{ receipt: event.Records[4]!.receiptHandle, seconds: 5 }]);
  expect([...told, ...buried()]).toEqual([]);
});

it("buries at once what will not get better, and tells why", async () => {
  const { run, told, buried } = await openBatch({
    handle: async () => {
      throw new NotAZip("The upload is no zip.");
    },
  });

  const response = await run(sqsEvent(jobs(1)));

  expect(response).toEqual({ batchItemFailures: [] });
  expect(told).toMatchObject([{ n: 1, error: { code: "NOT_A_ZIP" } }]);
  expect(buried()).toEqual([{ body: '{"n":1}', cause: "NOT_A_ZIP" }]);
});

it("gives up after the last attempt, tells that it did, and buries the message with what was wrong", async () => {
  const { run, told, buried, hidden } = await openBatch({ handle: notYet });
  const event = sqsEvent(jobs(1), { attempt: MAX_ATTEMPTS - 1 });

  const early = await run(event);
  const last = await run(sqsEvent(jobs(1), { attempt: MAX_ATTEMPTS }));

  expect(early).toEqual(failures(event, 0));
  expect(last).toEqual({ batchItemFailures: [] });
  expect(told).toMatchObject([
    { n: 1, error: { code: "STATION_GAVE_UP", message: "Tried 4 times without success; the last time: Not yet." } },
  ]);
  expect(buried()).toEqual([{ body: '{"n":1}', cause: "MODEL_UNAVAILABLE: Not yet." }]);
  expect(hidden()).toHaveLength(1);
});

it("does not handle again what stopped the function at every attempt, but closes it", async () => {
  const handle = vi.fn(async () => {});
  const { run, told, buried } = await openBatch({ handle });

  const response = await run(sqsEvent(jobs(1), { attempt: MAX_ATTEMPTS + 1 }));

  expect(response).toEqual({ batchItemFailures: [] });
  expect(handle).not.toHaveBeenCalled();
  expect(told).toMatchObject([{ n: 1, error: { code: "STATION_GAVE_UP" } }]);
  expect(buried()).toEqual([{ body: '{"n":1}', cause: "STATION_GAVE_UP" }]);
});

it("keeps a message whose death could not be told, and buries it once it could", async () => {
  let failuresLeft = 1;
  const { run, buried, hidden } = await openBatch({
    handle: notYet,
    onDead: async () => {
      if (failuresLeft-- > 0) throw new StorageUnavailable("Not now.");
    },
  });
  const event = sqsEvent(jobs(1), { attempt: MAX_ATTEMPTS });

  const first = await run(event);
  const buriedAtFirst = buried();
  const second = await run(sqsEvent(jobs(1), { attempt: MAX_ATTEMPTS + 1 }));

  expect(first).toEqual(failures(event, 0));
  expect(hidden()).toMatchObject([{ receipt: event.Records[0]!.receiptHandle }]);
  expect(buriedAtFirst).toEqual([]);
  expect(second).toEqual({ batchItemFailures: [] });
  expect(buried()).toHaveLength(1);
});

it("keeps a message that the dead letters did not take", async () => {
  const { run, told } = await openBatch({ handle: notYet, refuse: "SendMessage" });
  const event = sqsEvent([...jobs(1), { body: "poison" }], { attempt: MAX_ATTEMPTS });

  const response = await run(event);

  expect(response).toEqual(failures(event, 0, 1));
  expect(told).toMatchObject([{ n: 1 }]);
});

it("reports a failed message also where it could not be hidden", async () => {
  const { run } = await openBatch({ handle: notYet, refuse: "ChangeMessageVisibility" });
  const event = sqsEvent(jobs(1));

  expect(await run(event)).toEqual(failures(event, 0));
});

it("hides a failed message for up to 5 s, doubled with each attempt, and for 15 minutes at most", async () => {
  const limits: number[] = [];
  for (let attempt = 1; attempt <= 12; attempt++) {
    const { run, hidden } = await openBatch({ handle: notYet, maxAttempts: 1000, random: () => 1 - Number.EPSILON });
    await run(sqsEvent(jobs(1), { attempt }));
    limits.push(hidden()[0]!.seconds);
  }

  expect(limits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
});

it("spreads the waits from none to the limit", async () => {
  let random = 0;
  const { run, hidden } = await openBatch({ handle: notYet, maxAttempts: 2000, random: () => random });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1999 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      async (attempt, fraction) => {
        random = fraction;

        await run(sqsEvent(jobs(1), { attempt }));

        const seconds = hidden().at(-1)!.seconds;
        const limit = Math.min(900, 5 * 2 ** (attempt - 1));
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(Math.floor(fraction * limit));
        expect(seconds).toBeLessThanOrEqual(limit);
      },
    ),
    { numRuns: 50 },
  );
});

it("handles both deliveries of a message that SQS delivers twice at once, and reports one message once", async () => {
  const handled: number[] = [];
  const { run } = await openBatch({
    handle: async ({ n }) => {
      handled.push(n);
      throw new ModelUnavailable("Not yet.");
    },
  });
  const [record] = sqsEvent(jobs(7)).Records;
  const event = sqsEvent([record!, { ...record, receiptHandle: "of-the-second-delivery" }]);

  const response = await run(event);

  expect(handled).toEqual([7, 7]);
  expect(response).toEqual(failures(event, 0));
});

it("finds nothing to do in a body without messages", async () => {
  const handle = vi.fn(async () => {});
  const { run, buried } = await openBatch({ parse: () => [], handle });

  const response = await run(sqsEvent([{ body: "a test event" }]));

  expect(response).toEqual({ batchItemFailures: [] });
  expect(handle).not.toHaveBeenCalled();
  expect(buried()).toEqual([]);
});

it("handles the messages of one record in order, and stops at the first that is to be tried again", async () => {
  const handled: number[] = [];
  const { run } = await openBatch({
    parse: (body) => JSON.parse(body).map((n: number) => ({ n })),
    handle: async ({ n }) => {
      handled.push(n);
      if (n === 2) throw new ModelUnavailable("Not yet.");
    },
  });
  const event = sqsEvent([{ body: "[1,2,3]" }]);

  expect(await run(event)).toEqual(failures(event, 0));
  expect(handled).toEqual([1, 2]);
});

it("handles the messages behind one that is dead, and buries their record once", async () => {
  const handled: number[] = [];
  const { run, told, buried } = await openBatch({
    parse: (body) => JSON.parse(body).map((n: number) => ({ n })),
    handle: async ({ n }) => {
      handled.push(n);
      if (n < 3) throw new NotAZip(`Upload ${n} is no zip.`);
    },
  });

  const response = await run(sqsEvent([{ body: "[1,2,3]" }]));

  expect(response).toEqual({ batchItemFailures: [] });
  expect(handled).toEqual([1, 2, 3]);
  expect(told.map(({ n }) => n)).toEqual([1, 2]);
  expect(buried()).toEqual([{ body: "[1,2,3]", cause: "NOT_A_ZIP" }]);
});

it("handles the records of a batch side by side", async () => {
  const all = Promise.withResolvers<void>();
  let begun = 0;
  const { run } = await openBatch({
    handle: async () => {
      if (++begun === 9) all.resolve();
      await all.promise;
    },
  });

  expect(await run(sqsEvent(nine))).toEqual({ batchItemFailures: [] });
});

it.each([{}, null, { Records: [{ body: "{}" }] }])(
  "refuses the whole of %j, which is no event of SQS",
  async (event) => {
    const { run } = await openBatch();

    await expect(run(event as SQSEvent)).rejects.toThrow();
  },
);

it("sends a cause that SQS takes, whatever an error says", async () => {
  const { run, buried } = await openBatch({
    handle: async () => {
      throw new ModelUnavailable(`\u0000\u001b\ud800 ${"😀".repeat(5000)}`);
    },
  });

  await run(sqsEvent(jobs(1), { attempt: MAX_ATTEMPTS }));

  const { cause } = buried()[0]!;
  expect(cause).toMatch(/^MODEL_UNAVAILABLE: \ufffd\ufffd\ufffd 😀/u);
  expect(cause.length).toBeLessThanOrEqual(1000);
  expect(cause.isWellFormed()).toBe(true);
});

function actionOf(call: AwsCall): string {
  return String(call.headers["x-amz-target"]).replace("AmazonSQS.", "");
}

function accepted(call: AwsCall): ScriptedAnswer {
  const { MessageBody = "" } = JSON.parse(call.body.toString());
  const MD5OfMessageBody = createHash("md5").update(MessageBody).digest("hex");
  const answer = actionOf(call) === "SendMessage" ? { MessageId: "1", MD5OfMessageBody } : {};
  return { status: 200, headers: { "content-type": "application/x-amz-json-1.0" }, body: JSON.stringify(answer) };
}
