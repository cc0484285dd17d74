import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { openDeadLetters } from "../../adapters/aws/sqs-dead-letters.ts";
import { openSqsSender } from "../../adapters/aws/sqs-sender.ts";
import { usingCloudServers } from "./aws.builders.ts";
import { type DeliveryUnderTest, Job, type QueueUnderTest, queueSuite, VISIBILITY_SECONDS } from "./queue.suite.ts";

const servers = usingCloudServers();
let queues = 0;

// The queue's server runs in this process, and so on its clock.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  return () => void vi.useRealTimers();
});

async function openJobs() {
  const name = `jobs-${++queues}`;
  const queueUrl = await servers().createQueue(name, { VisibilityTimeout: String(VISIBILITY_SECONDS) });
  const deadLetterQueueUrl = await servers().createQueue(`${name}-dead`);
  const jobs = openSqsSender({ queueUrl, schema: Job });
  const deadLetters = openDeadLetters({ deadLetterQueueUrl });
  const sqs = new SQSClient();
  onTestFinished(() => {
    for (const client of [jobs, deadLetters]) client.close();
    sqs.destroy();
  });

  async function waiting(url: string): Promise<number> {
    const names = ["ApproximateNumberOfMessages" as const];
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: names }));
    return Number(Attributes?.ApproximateNumberOfMessages);
  }

  async function take(): Promise<DeliveryUnderTest | null> {
    const request = { QueueUrl: queueUrl, MessageSystemAttributeNames: ["ApproximateReceiveCount" as const] };
    const [message] = (await sqs.send(new ReceiveMessageCommand(request))).Messages ?? [];
    if (message === undefined) return null;
    const delivery = { QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle };
    const finish = async () => void (await sqs.send(new DeleteMessageCommand(delivery)));
    return {
      message: Job.parse(JSON.parse(message.Body ?? "")),
      attempt: Number(message.Attributes?.ApproximateReceiveCount),
      finish,
      async retry(_error, delaySeconds) {
        await sqs.send(new ChangeMessageVisibilityCommand({ ...delivery, VisibilityTimeout: delaySeconds }));
      },
      async bury(error) {
        await deadLetters.bury(message.Body ?? "", String(error));
        await finish();
      },
    };
  }

  return { jobs, take, depth: () => waiting(queueUrl), countDeadLetters: () => waiting(deadLetterQueueUrl) };
}

queueSuite("a queue of SQS", async (): Promise<QueueUnderTest> => {
  const { jobs, take, countDeadLetters } = await openJobs();
  return {
    send: jobs.send,
    take,
    countDeadLetters,
    passSeconds: async (seconds) => void vi.setSystemTime(Date.now() + seconds * 1000),
  };
});

it("sends nothing that its own schema would not read", async () => {
  const { jobs, depth } = await openJobs();

  await expect(jobs.send({ n: Number.NaN })).rejects.toThrow();

  expect(await depth()).toBe(0);
});

it("says of a queue that is not there that it may be there later", async () => {
  const queueUrl = (await servers().createQueue("there")).replace(/there$/, "not-there");
  const jobs = openSqsSender({ queueUrl, schema: Job });

  await expect(jobs.send({ n: 1 })).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", retryable: true });
});
