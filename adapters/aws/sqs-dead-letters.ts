import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { DeadLetter, DeadLetters } from "../../core/ports.ts";
import { storageUnavailable } from "./aws-failure.ts";
import { nameOfQueue } from "./sqs-sender.ts";
import { stationClient } from "./station-client.ts";

export interface SqsDeadLetter extends DeadLetter {
  /** `CODE`, of a service's failure `CODE: sentence`; null for what SQS itself moved here. */
  readonly cause: string | null;
  /** ISO 8601. */
  readonly buriedAt: string;
}

export interface SqsDeadLetters extends DeadLetters {
  /** @param cause is not encrypted, so it may say nothing of an embryo @throws StorageUnavailable */
  bury(body: string, cause: string): Promise<void>;
  /** At most ten, waiting for a second; hidden from other takers for five minutes. */
  receive(): Promise<SqsDeadLetter[]>;
  close(): void;
}

const CAUSE = "cause";
const LOOK_SECONDS = 1;
const HIDDEN_SECONDS = 300;
const CAUSE_CHARACTERS_AT_MOST = 1000;
/** What SQS does not take in a message attribute. */
const NOT_SENDABLE = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** The dead-letter queue of one station. */
export function openDeadLetters({ deadLetterQueueUrl }: { readonly deadLetterQueueUrl: string }): SqsDeadLetters {
  const client = new SQSClient(stationClient());
  const failed = (doing: string) => (cause: unknown) => {
    throw storageUnavailable(`${doing} the queue ${nameOfQueue(deadLetterQueueUrl)}`, cause);
  };

  async function send(message: SendMessageCommandInput): Promise<void> {
    await client.send(new SendMessageCommand(message)).catch(failed("Sending to"));
  }

  async function remove({ receipt }: DeadLetter): Promise<void> {
    const command = new DeleteMessageCommand({ QueueUrl: deadLetterQueueUrl, ReceiptHandle: receipt });
    await client.send(command).catch(failed("Deleting from"));
  }

  return {
    async bury(body, cause) {
      const value = cause.slice(0, CAUSE_CHARACTERS_AT_MOST).replace(NOT_SENDABLE, "\uFFFD");
      await send({
        QueueUrl: deadLetterQueueUrl,
        MessageBody: body,
        MessageAttributes: { [CAUSE]: { DataType: "String", StringValue: value } },
      });
    },

    async receive() {
      const command = new ReceiveMessageCommand({
        QueueUrl: deadLetterQueueUrl,
        MaxNumberOfMessages: 10,
        // Long: a short look asks some of SQS's servers only, and may find nothing where there is something.
        WaitTimeSeconds: LOOK_SECONDS,
        // Longer than whoever takes letters runs, so that it meets none twice.
        VisibilityTimeout: HIDDEN_SECONDS,
        MessageSystemAttributeNames: ["SentTimestamp"],
        MessageAttributeNames: [CAUSE],
      });
      const { Messages = [] } = await client.send(command).catch(failed("Receiving from"));
      return Messages.map(({ Body = "", ReceiptHandle = "", Attributes, MessageAttributes }) => ({
        body: Body,
        cause: MessageAttributes?.[CAUSE]?.StringValue ?? null,
        buriedAt: new Date(Number(Attributes?.SentTimestamp)).toISOString(),
        receipt: ReceiptHandle,
      }));
    },

    delete: remove,

    close: () => client.destroy(),
  };
}
