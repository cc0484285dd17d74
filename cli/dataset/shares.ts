import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { forbidTelemetry } from "../../adapters/config/telemetry.ts";

/** What a worker of {@link inShares} gets as `workerData`: its part of the work is every `shares`-th index from `share`. */
export interface Share<Task> {
  readonly task: Task;
  readonly share: number;
  readonly shares: number;
}

/**
 * Runs a worker file once a core, each on its share of the indices, and hands on every message in the order of arrival.
 *
 * @throws what a worker throws
 */
export async function inShares<Task, Message>(
  worker: URL,
  task: Task,
  onMessage: (message: Message) => void,
): Promise<void> {
  // The workers open networks, and what they set in their own environment the library does not see.
  forbidTelemetry();
  const shares = Math.min(availableParallelism(), 8);
  const running = Array.from({ length: shares }, (_, share) => {
    const workerData: Share<Task> = { task, share, shares };
    const thread = new Worker(worker, { workerData });
    return new Promise<void>((resolve, reject) => {
      thread.on("message", onMessage);
      thread.on("error", reject);
      thread.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
    });
  });
  await Promise.all(running);
}
