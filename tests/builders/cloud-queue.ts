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
import type { CloudFunction } from "./cloud-function.ts";

export interface DeadMessage {
  readonly body: string;
  /** `CODE: sentence`; null where SQS moved it. */
  readonly cause: string | null;
}

/** A queue, the queue of its dead letters, and the function that Lambda hands its messages to. */
export interface CloudQueue {
  readonly url: string;
  readonly deadLettersUrl: string;
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
  readonly batchSize: number;
}

/** Plays Lambda's event source mapping with ReportBatchItemFailures. */
export function cloudQueue({ client, url, deadLettersUrl, consumer, batchSize }: CloudQueueOptions): CloudQueue {
  async function receive(queueUrl: string, atMost: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: atMost,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    });
    return (await client.send(command)).Messages ?? [];
  }

  async function show(queueUrl: string, { ReceiptHandle }: Message): Promise<void> {
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  }

  return {
    url,
    deadLettersUrl,
    async send(message) {
      const body = typeof message === "string" ? message : JSON.stringify(message);
      await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
    },

    async deliver() {
      const messages = await receive(url, batchSize);
      if (messages.length === 0) return 0;
      try {
        const answer = (await consumer.invoke(eventOf(messages))) as {
          batchItemFailures: { itemIdentifier: string }[];
        };
        const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
        for (const { MessageId, ReceiptHandle } of messages) {
          if (failed.has(MessageId!)) continue;
          await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
        }
      } catch {
        // They would show again when the visibility timeout ends: here that is now.
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
