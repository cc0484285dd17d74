import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { sqsBatch } from "../../adapters/aws/sqs-batch.ts";
import { openDeadLetters } from "../../adapters/aws/sqs-dead-letters.ts";
import { openSqsSender } from "../../adapters/aws/sqs-sender.ts";
import { ModelUnavailable } from "../../core/errors.ts";
import { sqsEvent } from "../builders/aws-events.ts";
import { usingCloudServers } from "./aws.builders.ts";
import { Job } from "./queue.suite.ts";

const VISIBILITY_SECONDS = 60;
const MAX_ATTEMPTS = 2;
const servers = usingCloudServers();
let queues = 0;

// The queues' server runs in this process, and so on its clock.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  return () => void vi.useRealTimers();
});
const passSeconds = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

async function openQueues() {
  const visibility = { VisibilityTimeout: String(VISIBILITY_SECONDS) };
  const queueUrl = await servers().createQueue(`jobs-${++queues}`, visibility);
  const deadLetterQueueUrl = await servers().createQueue(`jobs-${queues}-dead`, visibility);
  const jobs = openSqsSender({ queueUrl, schema: Job });
  const deadLetters = openDeadLetters({ deadLetterQueueUrl });
  const sqs = new SQSClient();
  onTestFinished(() => {
    for (const client of [jobs, deadLetters]) client.close();
    sqs.destroy();
  });

  /** What Lambda would hand to the function next. */
  async function nextBatch(): Promise<SQSEvent> {
    const request = { QueueUrl: queueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All" as const] };
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(request));
    const records = Messages.map(({ MessageId = "", ReceiptHandle = "", Body = "", Attributes }) => {
      const attributes = Attributes as unknown as SQSEvent["Records"][number]["attributes"];
      return { messageId: MessageId, receiptHandle: ReceiptHandle, body: Body, attributes };
    });
    return sqsEvent(records);
  }

  const urls = { queueUrl, deadLetterQueueUrl };
  return { ...urls, jobs, deadLetters, nextBatch };
}

it("gives back a buried body as it came, with its cause and its time", async () => {
  const { deadLetters } = await openQueues();

  await deadLetters.bury("{ no JSON, ä\n", "MESSAGE_UNREADABLE: It is no JSON.");

  expect(await deadLetters.receive()).toEqual([
    {
      body: "{ no JSON, ä\n",
      cause: "MESSAGE_UNREADABLE: It is no JSON.",
      buriedAt: new Date().toISOString(),
      receipt: expect.any(String),
    },
  ]);
});

/** Longer than any redrive runs. */
const HIDDEN_SECONDS = 300;

it("hides a letter from other takers until it is deleted or its time is over", async () => {
  const { deadLetters } = await openQueues();
  await deadLetters.bury("1", "A: a");
  await deadLetters.bury("2", "A: a");

  const letters = await deadLetters.receive();
  const meanwhile = await deadLetters.receive();
  await deadLetters.delete(letters.find(({ body }) => body === "1")!);
  passSeconds(HIDDEN_SECONDS);
  const later = await deadLetters.receive();

  expect(letters).toHaveLength(2);
  expect(meanwhile).toEqual([]);
  expect(later.map(({ body }) => body)).toEqual(["2"]);
});

it("knows no cause of a letter that SQS itself moved", async () => {
  const { deadLetters, deadLetterQueueUrl } = await openQueues();
  await openSqsSender({ queueUrl: deadLetterQueueUrl, schema: Job }).send({ n: 1 });

  expect(await deadLetters.receive()).toMatchObject([{ body: '{"n":1}', cause: null }]);
});

it("lets a failed message wait for its backoff rather than the queue's timeout, and buries it after its last attempt", async () => {
  const { jobs, deadLetters, nextBatch, queueUrl, deadLetterQueueUrl } = await openQueues();
  const handle = async () => {
    throw new ModelUnavailable("Not yet.");
  };
  const parse = (body: string) => [Job.parse(JSON.parse(body))];
  const logger = { warn() {}, error() {} };
  const urls = { queueUrl, deadLetterQueueUrl };
  const batch = sqsBatch({ parse, handle, ...urls, maxAttempts: MAX_ATTEMPTS, logger, random: () => 0.999 });
  await jobs.send({ n: 1 });

  const first = await batch(await nextBatch());
  passSeconds(4);
  const early = await nextBatch();
  passSeconds(1);
  const last = await batch(await nextBatch());

  expect(first.batchItemFailures).toHaveLength(1);
  expect(early.Records).toEqual([]);
  expect(last).toEqual({ batchItemFailures: [] });
  expect(await deadLetters.receive()).toMatchObject([{ body: '{"n":1}', cause: "MODEL_UNAVAILABLE: Not yet." }]);
});
