import { ChangeMessageVisibilityCommand, SQSClient } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { type BlastogradeError, isBlastogradeError, MessageUnreadable, StationGaveUp } from "../../core/errors.ts";
import { openDeadLetters } from "./sqs-dead-letters.ts";
import { stationClient } from "./station-client.ts";

/** The part of pino that the batches use. */
export interface BatchLogger {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SqsBatchOptions<Message> {
  /** The messages of one body; none where there is nothing to do. Throws when the body cannot be read. */
  parse(body: string): readonly Message[];
  handle(message: Message, attempt: number): Promise<void>;
  /**
   * Called before a message goes to the dead letters, so that its grading can be closed; called again for the same message
   * if it throws or the function stops meanwhile.
   */
  onDead?(message: Message, error: BlastogradeError): Promise<void>;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** The queue's own `maxReceiveCount` has to be larger, for the last rites. */
  readonly maxAttempts: number;
  readonly logger: BatchLogger;
  /** From 0 to below 1. @default Math.random */
  random?(): number;
}

/** What Lambda takes for an answer with ReportBatchItemFailures: it deletes every record but these. */
export interface SqsBatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

const SqsRecord = z.object({
  messageId: z.string().min(1),
  receiptHandle: z.string().min(1),
  body: z.string(),
  attributes: z.object({ ApproximateReceiveCount: z.coerce.number().int().min(1) }),
});
type SqsRecord = z.infer<typeof SqsRecord>;
const SqsEvent = z.object({ Records: z.array(SqsRecord) });

const FIRST_BACKOFF_SECONDS = 5;
const BACKOFF_SECONDS_AT_MOST = 15 * 60;

/**
 * A Lambda handler for batches of an SQS queue. Records are handled side by side, the messages of one record in order. A
 * retryable or unknown error hides its record for a random time, up to 5 s after the first attempt and twice as long after
 * each further one; any other error, the last attempt and an unreadable body send a copy of the record to the dead letters.
 * No record stops another one.
 *
 * @example
 * export const handler = sqsBatch({ parse: cropJobsOf, handle: (job) => cropEmbryo(job, ports), ...queue, logger });
 */
export function sqsBatch<Message>(options: SqsBatchOptions<Message>): (event: unknown) => Promise<SqsBatchResponse> {
  const { queueUrl, deadLetterQueueUrl, maxAttempts, logger, random = Math.random } = options;
  const client = new SQSClient(stationClient());
  const deadLetters = openDeadLetters({ deadLetterQueueUrl });

  /** Never throws. @returns whether Lambda may delete the record */
  async function settle(record: SqsRecord): Promise<boolean> {
    const about = { messageId: record.messageId, attempt: attemptOf(record) };
    try {
      const cause = await handleAll(record);
      if (cause !== null) {
        logger.error({ ...about, err: cause }, "a message goes to the dead letters");
        await deadLetters.bury(record.body, causeOf(cause));
      }
      return true;
    } catch (error) {
      const delaySeconds = backoffSeconds(about.attempt, random());
      logger.warn({ ...about, err: error, delaySeconds }, "a message failed and will be tried again");
      await hide(record, delaySeconds);
      return false;
    }
  }

  /** @returns why the record is dead, or null when all is done @throws what the record is to be tried again for */
  async function handleAll(record: SqsRecord): Promise<unknown> {
    const attempt = attemptOf(record);
    const messages = parsed(record.body);
    if (messages instanceof MessageUnreadable) return messages;
    let dead: unknown = null;
    for (const message of messages) {
      const failure = await failureOf(message, attempt);
      if (failure === null) continue;
      const { error } = failure;
      const isFinal = isBlastogradeError(error) && !error.retryable;
      if (!isFinal && attempt < maxAttempts) throw error;
      await options.onDead?.(message, isFinal ? error : gaveUp(error));
      dead ??= error;
    }
    return dead;
  }

  function parsed(body: string): readonly Message[] | MessageUnreadable {
    try {
      return options.parse(body);
    } catch (cause) {
      return new MessageUnreadable(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }

  async function failureOf(message: Message, attempt: number): Promise<{ error: unknown } | null> {
    // Whatever stopped the function at every attempt would stop it again.
    if (attempt > maxAttempts) return { error: gaveUp(new Error("the function stopped before it was done")) };
    try {
      await options.handle(message, attempt);
      return null;
    } catch (error) {
      return { error };
    }
  }

  function gaveUp(last: unknown): StationGaveUp {
    const sentence = last instanceof Error ? last.message : String(last);
    return new StationGaveUp(`Tried ${maxAttempts} times without success; the last time: ${sentence}`, { cause: last });
  }

  /** A record that cannot be hidden comes again when the queue's own visibility timeout ends. */
  async function hide({ messageId, receiptHandle }: SqsRecord, seconds: number): Promise<void> {
    const visibility = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds };
    await client.send(new ChangeMessageVisibilityCommand(visibility)).catch((error) => {
      logger.warn({ messageId, err: error }, "the time of a message's next attempt could not be set");
    });
  }

  return async (event) => {
    const { Records } = SqsEvent.parse(event);
    const done = await Promise.all(Records.map(settle));
    const failed = new Set(Records.filter((_, n) => !done[n]).map(({ messageId }) => messageId));
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

function attemptOf(record: SqsRecord): number {
  return record.attributes.ApproximateReceiveCount;
}

/** Full jitter: consumers that failed together do not come back together. */
function backoffSeconds(attempt: number, fraction: number): number {
  const atMost = Math.min(FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1), BACKOFF_SECONDS_AT_MOST);
  return Math.floor(fraction * (atMost + 1));
}

/**
 * What a dead letter's attribute says: SQS encrypts bodies and no attributes, and a sentence about an upload may quote the clinic's
 * own names. So only a service's failure is told in full; an upload's fault is in its grading.
 */
function causeOf(error: unknown): string {
  if (!isBlastogradeError(error)) return error instanceof Error ? error.name : typeof error;
  return error.retryable ? `${error.code}: ${error.message}` : error.code;
}
