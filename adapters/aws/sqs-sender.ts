import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { ZodType } from "zod";
import type { Sender } from "../../core/ports.ts";
import { storageUnavailable } from "./aws-failure.ts";
import { stationClient } from "./station-client.ts";

export interface SqsSenderOptions<Message> {
  readonly queueUrl: string;
  /** What is sent has to pass it, so that the receiver can read it. */
  readonly schema: ZodType<Message>;
}

export interface SqsSender<Message> extends Sender<Message> {
  close(): void;
}

/**
 * @example
 * const cropJobs = openSqsSender({ queueUrl: config.CROP_QUEUE_URL, schema: CropJob });
 * await cropJobs.send({ gradingId, clinicId });
 */
export function openSqsSender<Message>({ queueUrl, schema }: SqsSenderOptions<Message>): SqsSender<Message> {
  const client = new SQSClient(stationClient());

  return {
    async send(message) {
      const body = JSON.stringify(schema.parse(message));
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body })).catch((cause) => {
        throw storageUnavailable(`Sending to the queue ${nameOfQueue(queueUrl)}`, cause);
      });
    },

    close: () => client.destroy(),
  };
}

/** Without the account, which is nobody's business who reads an error. */
export function nameOfQueue(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf("/") + 1);
}
