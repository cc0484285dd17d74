import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { STATION_CLIENT, storageUnavailable } from "./aws-failure.ts";
import { nameOfQueue } from "./sqs-sender.ts";

export interface DeadLetter {
  /** As it came, readable or not. */
  readonly body: string;
  /** `CODE: sentence`; null for what SQS itself moved here. */
  readonly cause: string | null;
  /** ISO 8601. */
  readonly buriedAt: string;
  /** Of this delivery; {@link DeadLetters.delete} takes it. */
  readonly receipt: string;
}

export interface DeadLetters {
  /** @param cause `CODE: sentence` @throws StorageUnavailable */
  bury(body: string, cause: string): Promise<void>;
  /**
   * Takes at most ten, in no order, and hides them from other takers for as long as the queue says. None does not mean that
   * there is none: SQS asks some of its servers only.
   *
   * @throws StorageUnavailable
   */
  receive(): Promise<DeadLetter[]>;
  /** @throws StorageUnavailable */
  delete(letter: DeadLetter): Promise<void>;
  /** Sends the letter to a station's queue again, then deletes it: an interruption doubles it, and never loses it. */
  sendAgain(letter: DeadLetter, queueUrl: string): Promise<void>;
  close(): void;
}

const CAUSE = "cause";
const CAUSE_CHARACTERS_AT_MOST = 1000;
/** What SQS does not take in a message attribute. */
const NOT_SENDABLE = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** The dead-letter queue of one station. */
export function openDeadLetters({ deadLetterQueueUrl }: { readonly deadLetterQueueUrl: string }): DeadLetters {
  const client = new SQSClient(STATION_CLIENT);
  const failed = (doing: string, queueUrl: string) => (cause: unknown) => {
    throw storageUnavailable(`${doing} the queue ${nameOfQueue(queueUrl)}`, cause);
  };

  async function send(message: SendMessageCommandInput & { QueueUrl: string }): Promise<void> {
    await client.send(new SendMessageCommand(message)).catch(failed("Sending to", message.QueueUrl));
  }

  async function remove({ receipt }: DeadLetter): Promise<void> {
    const command = new DeleteMessageCommand({ QueueUrl: deadLetterQueueUrl, ReceiptHandle: receipt });
    await client.send(command).catch(failed("Deleting from", deadLetterQueueUrl));
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
        MessageSystemAttributeNames: ["SentTimestamp"],
        MessageAttributeNames: [CAUSE],
      });
      const { Messages = [] } = await client.send(command).catch(failed("Receiving from", deadLetterQueueUrl));
      return Messages.map(({ Body = "", ReceiptHandle = "", Attributes, MessageAttributes }) => ({
        body: Body,
        cause: MessageAttributes?.[CAUSE]?.StringValue ?? null,
        buriedAt: new Date(Number(Attributes?.SentTimestamp)).toISOString(),
        receipt: ReceiptHandle,
      }));
    },

    delete: remove,

    async sendAgain(letter, queueUrl) {
      await send({ QueueUrl: queueUrl, MessageBody: letter.body });
      await remove(letter);
    },

    close: () => client.destroy(),
  };
}
