import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { sqsEvent } from "./aws-events.ts";
import type { QueueFeed } from "./cloud-bundles.ts";
import { type CloudFunction, FunctionFailed } from "./cloud-function.ts";

export interface DeadMessage {
  readonly body: string;
  /** `CODE: sentence`; null where SQS moved it. */
  readonly cause: string | null;
}

/** A queue, the queue of its dead letters, and the function that Lambda hands its messages to. */
export interface CloudQueue {
  send(message: object | string): Promise<void>;
  /** Takes one batch, has the function handle it, and deletes what it does not report. @returns how many it took */
  deliver(): Promise<number>;
  /** Every dead letter, which stays where it is. */
  dead(): Promise<DeadMessage[]>;
}

export interface CloudQueueOptions {
  readonly client: SQSClient;
  readonly url: string;
  readonly deadLettersUrl: string;
  readonly consumer: CloudFunction;
  readonly feed: QueueFeed;
}

/** Plays Lambda's event source mapping, as the template has it. */
export function cloudQueue({ client, url, deadLettersUrl, consumer, feed }: CloudQueueOptions): CloudQueue {
  // Where the function has made a message visible, fauxqs deletes it no more by the receipt of before; SQS does.
  const deleted = new Set<string>();

  async function receive(queueUrl: string, atMost: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: atMost,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    });
    return (await client.send(command)).Messages ?? [];
  }

  async function remove({ MessageId, ReceiptHandle }: Message): Promise<void> {
    deleted.add(MessageId!);
    await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
  }

  /** The end of its visibility timeout, if it has not ended. */
  async function show(queueUrl: string, { ReceiptHandle }: Message): Promise<void> {
    const visible = { QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 };
    await client.send(new ChangeMessageVisibilityCommand(visible)).catch((error: Error) => {
      if (error.name !== "MessageNotInflight") throw error;
    });
  }

  const queue: CloudQueue = {
    async send(message) {
      const body = typeof message === "string" ? message : JSON.stringify(message);
      await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
    },

    async deliver() {
      const received = await receive(url, feed.batchSize);
      for (const message of received.filter(({ MessageId }) => deleted.has(MessageId!))) await remove(message);
      const messages = received.filter(({ MessageId }) => !deleted.has(MessageId!));
      if (messages.length === 0) return received.length === 0 ? 0 : queue.deliver();
      try {
        const answer = (await consumer.invoke(eventOf(messages))) as {
          batchItemFailures: { itemIdentifier: string }[];
        };
        const reported = feed.reportsBatchItemFailures ? answer.batchItemFailures : [];
        const failed = new Set(reported.map(({ itemIdentifier }) => itemIdentifier));
        for (const message of messages) await (failed.has(message.MessageId!) ? show(url, message) : remove(message));
      } catch (error) {
        if (!(error instanceof FunctionFailed)) throw error;
        for (const message of messages) await show(url, message);
      }
      return messages.length;
    },

    async dead() {
      const letters: Message[] = [];
      for (;;) {
        const received = await receive(deadLettersUrl, 10);
        if (received.length === 0) break;
        letters.push(...received);
      }
      for (const letter of letters) await show(deadLettersUrl, letter);
      return letters.map(({ Body, MessageAttributes }) => ({
        body: Body!,
        cause: MessageAttributes?.cause?.StringValue ?? null,
      }));
    },
  };
  return queue;
}

function eventOf(messages: readonly Message[]): SQSEvent {
  return sqsEvent(
    messages.map(({ MessageId, ReceiptHandle, Body, MD5OfBody, Attributes }) => ({
      messageId: MessageId!,
      receiptHandle: ReceiptHandle!,
      body: Body!,
      md5OfBody: MD5OfBody!,
      attributes: {
        ApproximateReceiveCount: Attributes!.ApproximateReceiveCount!,
        SentTimestamp: Attributes!.SentTimestamp!,
        SenderId: Attributes!.SenderId!,
        ApproximateFirstReceiveTimestamp: Attributes!.ApproximateFirstReceiveTimestamp!,
      },
    })),
  );
}
