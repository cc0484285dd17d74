import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { forbidTelemetry } from "../../adapters/config/telemetry.ts";

/** How many results a thread may be ahead of the one that is waited for; each may take tens of megabytes. */
const AHEAD_PER_THREAD = 4;

/**
 * Has threads of a worker file answer one question after the other, and hands the answers on in the questions' order,
 * one at a time: what is written is the same on any number of cores.
 *
 * @param worker a file that answers each message with one message
 * @param take is awaited before the next answer is handed on
 * @throws what a worker or `take` throws; the threads have ended then
 */
export async function inOrder<Task, Answer>(
  worker: URL,
  task: Task,
  questions: readonly string[],
  threads: number,
  take: (answer: Answer) => Promise<void>,
): Promise<void> {
  // The workers open networks, and what they set in their own environment the library does not see.
  forbidTelemetry();
  const answers = new Map<number, Answer>();
  let asked = 0;
  let taken = 0;
  let taking = Promise.resolve();
  let progress = Promise.withResolvers<void>();

  async function takeThoseNext(): Promise<void> {
    for (let answer = answers.get(taken); answer !== undefined; answer = answers.get(taken)) {
      answers.delete(taken);
      await take(answer);
      taken++;
      progress.resolve();
      progress = Promise.withResolvers<void>();
    }
  }

  async function keepAsking(thread: Worker): Promise<void> {
    while (asked < questions.length) {
      const number = asked++;
      while (number >= taken + threads * AHEAD_PER_THREAD) await progress.promise;
      const answered = once(thread, "message");
      thread.postMessage(questions[number]!);
      const [answer] = await answered;
      answers.set(number, answer);
      taking = taking.then(takeThoseNext);
      await taking;
    }
  }

  const count = Math.min(threads, questions.length);
  const running = Array.from({ length: count }, () => new Worker(worker, { workerData: task }));
  try {
    await Promise.all(running.map(keepAsking));
  } finally {
    await Promise.all(running.map((thread) => thread.terminate()));
  }
}
