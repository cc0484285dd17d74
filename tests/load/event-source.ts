import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import type { SqsBatchResponse } from "../../adapters/aws/sqs-batch.ts";
import { TEST_AWS } from "../builders/aws-environment.ts";

export interface EventSource {
  readonly queueUrl: string;
  readonly handler: (event: unknown) => Promise<SqsBatchResponse>;
  readonly batchSize: number;
  /** Batches at the same time. */
  readonly concurrency: number;
  /** Called with the number of messages of a batch that stay in the queue and come again. */
  readonly onKept: (messages: number) => void;
}

/**
 * What Lambda's event source mapping does with ReportBatchItemFailures: takes batches, hands them over as JSON, and deletes
 * every message that is not reported. A handler that throws has all of its messages again.
 *
 * @returns stops once the batches in hand are done
 */
export function startEventSource(source: EventSource): () => Promise<void> {
  const { queueUrl, handler, batchSize, concurrency, onKept } = source;
  const client = new SQSClient({});
  let isRunning = true;

  async function poll(): Promise<void> {
    while (isRunning) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: batchSize,
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ["All"],
        }),
      );
      if (Messages.length === 0) continue;
      const done = await handled(Messages);
      onKept(Messages.length - done.length);
      if (done.length === 0) continue;
      const Entries = done.map(({ MessageId, ReceiptHandle }) => ({ Id: MessageId, ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    }
  }

  async function handled(messages: readonly Message[]): Promise<readonly Message[]> {
    const event = { Records: messages.map((message) => recordOf(message, queueUrl)) };
    try {
      const { batchItemFailures } = await handler(JSON.parse(JSON.stringify(event)));
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      return messages.filter(({ MessageId }) => !failed.has(MessageId!));
    } catch {
      return [];
    }
  }

  const polls = Array.from({ length: concurrency }, poll);
  return async () => {
    isRunning = false;
    await Promise.all(polls);
    client.destroy();
  };
}

function recordOf({ MessageId, ReceiptHandle, Body, MD5OfBody, Attributes }: Message, queueUrl: string): SQSRecord {
  return {
    messageId: MessageId!,
    receiptHandle: ReceiptHandle!,
    body: Body!,
    attributes: Attributes as unknown as SQSRecord["attributes"],
    messageAttributes: {},
    md5OfBody: MD5OfBody!,
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:${TEST_AWS.region}:${TEST_AWS.account}:${queueUrl.slice(queueUrl.lastIndexOf("/") + 1)}`,
    awsRegion: TEST_AWS.region,
  };
}

/** Messages that wait, or that somebody has in hand. */
export async function messagesIn(client: SQSClient, queueUrls: readonly string[]): Promise<number> {
  const counts = queueUrls.map(async (QueueUrl) => {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
      }),
    );
    return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
