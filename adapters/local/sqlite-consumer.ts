import { type BlastogradeError, isBlastogradeError, StationGaveUp } from "../../core/errors.ts";
import type { Delivery, Queue } from "./sqlite-queue.ts";

/** The part of pino that the consumer uses. */
export interface ConsumerLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ConsumerOptions<Message> {
  readonly queue: Queue<Message>;
  /** Messages handled at once. */
  readonly concurrency: number;
  handle(message: Message, attempt: number): Promise<void>;
  /**
   * Called before a message goes to the dead letters, so that its grading can be closed; called again for the same message
   * if it throws or the process dies meanwhile.
   */
  onDead?(message: Message, error: BlastogradeError): Promise<void>;
  readonly logger: ConsumerLogger;
  /** Waiting time after the first, second, ... failure; the last one repeats. @default [1, 5, 30, 120] */
  readonly backoffSeconds?: readonly number[];
  /** How often to look for messages whose delay has passed; a send wakes the consumer at once. @default 1 */
  readonly pollSeconds?: number;
}

export interface Consumer {
  /** Takes nothing more and waits for what is in hand. */
  stop(): Promise<void>;
  /** Resolves once the queue holds no message, not even one that waits for its retry. */
  idle(): Promise<void>;
}

const BACKOFF_SECONDS = [1, 5, 30, 120];

/**
 * Hands a queue's messages to `handle`. Retryable and unknown errors are tried again, others go to the dead letters at once.
 *
 * @example
 * const consumer = startConsumer({ queue: cropJobs, concurrency: 1, handle: (job) => cropEmbryo(job, ports), logger });
 * await consumer.stop();
 */
export function startConsumer<Message>(options: ConsumerOptions<Message>): Consumer {
  const { queue, concurrency, logger, backoffSeconds = BACKOFF_SECONDS, pollSeconds = 1 } = options;
  const inHand = new Set<Promise<void>>();
  const waitingForIdle = new Set<() => void>();
  let stopped = false;
  let looking: Promise<void> | null = null;
  let lookAgain = false;

  function look(): void {
    lookAgain = true;
    looking ??= takeAll().finally(() => {
      looking = null;
      if (lookAgain && !stopped) look(); // Sent while the last look was ending.
    });
  }

  async function takeAll(): Promise<void> {
    try {
      while (lookAgain && !stopped) {
        lookAgain = false;
        while (!stopped && inHand.size < concurrency) {
          const delivery = await queue.take();
          if (!delivery) break;
          const handling = settle(delivery).finally(() => {
            inHand.delete(handling);
            look();
          });
          inHand.add(handling);
        }
      }
      await tellIfIdle();
    } catch (error) {
      logger.error({ err: error }, "a queue could not be read; trying again at the next look");
    }
  }

  async function tellIfIdle(): Promise<void> {
    if (waitingForIdle.size === 0 || inHand.size > 0) return;
    const { ready, taken } = await queue.depth();
    if (ready + taken > 0 || inHand.size > 0) return;
    for (const tell of waitingForIdle) tell();
    waitingForIdle.clear();
  }

  /** Never throws: a delivery that cannot even be put back is handed out again when its visibility ends. */
  async function settle(delivery: Delivery<Message>): Promise<void> {
    try {
      if (delivery.attemptsLeft < 0) {
        await bury(delivery, gaveUp(delivery, delivery.lastError ?? "the service stopped during every one of them"));
        return;
      }
      const failure = await failureOf(() => options.handle(delivery.message, delivery.attempt));
      if (!failure) await delivery.finish();
      else await settleFailure(delivery, failure.error);
    } catch (error) {
      logger.error({ err: error }, "a message could not be settled; it will be handed out again");
      await delivery.retry(error, backoffSeconds.at(-1) ?? 0).catch(() => {});
    }
  }

  async function settleFailure(delivery: Delivery<Message>, error: unknown): Promise<void> {
    if (isBlastogradeError(error) && !error.retryable) {
      await bury(delivery, error);
    } else if (delivery.attemptsLeft <= 0) {
      await bury(delivery, gaveUp(delivery, error instanceof Error ? error.message : String(error), error), error);
    } else {
      const delaySeconds = backoffSeconds[Math.min(delivery.attempt, backoffSeconds.length) - 1] ?? 0;
      logger.warn({ err: error, attempt: delivery.attempt, delaySeconds }, "a message failed and will be tried again");
      await delivery.retry(error, delaySeconds);
    }
  }

  async function bury(delivery: Delivery<Message>, error: BlastogradeError, reason: unknown = error): Promise<void> {
    logger.error({ err: error, attempt: delivery.attempt }, "a message goes to the dead letters");
    await options.onDead?.(delivery.message, error);
    await delivery.bury(reason);
  }

  const unsubscribe = queue.onSend(look);
  const polling = setInterval(look, pollSeconds * 1000);
  look();

  return {
    async stop() {
      stopped = true;
      unsubscribe();
      clearInterval(polling);
      await looking;
      await Promise.all(inHand);
    },
    idle() {
      return new Promise((tell) => {
        waitingForIdle.add(tell);
        look();
      });
    },
  };
}

function gaveUp<Message>(delivery: Delivery<Message>, last: string, cause?: unknown): StationGaveUp {
  const tries = delivery.attempt + Math.min(0, delivery.attemptsLeft);
  return new StationGaveUp(`Tried ${tries} times without success; the last time: ${last}`, { cause });
}

async function failureOf(run: () => Promise<void>): Promise<{ error: unknown } | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return { error };
  }
}
