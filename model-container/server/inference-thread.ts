import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { Clip } from "../../core/contracts/clip.ts";
import { type BlastogradeError, ModelUnavailable } from "../../core/errors.ts";
import type { ClipAnswer } from "./clip-answer.ts";
import { type FromInferenceWorker, restoreError, type ToInferenceWorker } from "./inference-messages.ts";

export interface InferenceThreadOptions {
  /** The worker's program. */
  readonly script: URL;
  /** What the worker gets as its `workerData`. */
  readonly setup: unknown;
  /** Clips that may wait behind the one in work; one more is refused. */
  readonly queueLimit: number;
  readonly logger: Logger;
  /** Milliseconds before a dead worker is started again; doubled after each failure to start, up to 5 s. @default 100 */
  readonly restartDelay?: number;
}

/** The one thread that computes. A network call blocks its thread, and the server's has to answer `/ping`. */
export interface InferenceThread {
  /** Whether the worker has its networks loaded and warm, and no end is asked for. */
  readonly ready: boolean;
  /** Clips waiting behind the one in work. */
  readonly waiting: number;
  /**
   * Grades clips one after the other, first come first served: each has all the threads, and the CPU is never shared out.
   *
   * @param clip its frames are copied
   * @throws ModelUnavailable when too many wait, the worker is not ready, or it died with this clip in hand
   * @throws ModelFailed; PredictionInvalid
   */
  grade(clip: Clip): Promise<ClipAnswer>;
  /** Takes no more clips, answers those it has, and ends the worker. */
  close(): Promise<void>;
  /** Ends the worker at once; the clips it has fail as `ModelUnavailable`. */
  abort(): Promise<void>;
}

interface Job {
  readonly clip: Clip;
  readonly resolve: (answer: ClipAnswer) => void;
  readonly reject: (error: BlastogradeError) => void;
}

const LONGEST_RESTART_DELAY = 5_000;

/**
 * Starts the worker and waits until it is warm. When it dies later it is started again, and again.
 *
 * @throws what the worker says of its start: BundleDamaged, ModelUnavailable
 */
export async function startInferenceThread(options: InferenceThreadOptions): Promise<InferenceThread> {
  const { script, setup, queueLimit, logger, restartDelay = 100 } = options;
  const queue: Job[] = [];
  let inWork: Job | null = null;
  let worker: Worker | null = null;
  let closing = false;
  let restart: NodeJS.Timeout | undefined;
  let onIdle: (() => void) | undefined;

  function workOnNext(): void {
    if (worker === null || inWork !== null) return;
    inWork = queue.shift() ?? null;
    if (inWork === null) {
      onIdle?.();
      return;
    }
    // A copy whose memory moves to the worker: the caller's may be part of a larger buffer, all of which would be cloned.
    const frames = inWork.clip.frames.slice();
    const message: ToInferenceWorker = { kind: "grade", clip: { ...inWork.clip, frames } };
    worker.postMessage(message, [frames.buffer]);
  }

  function finish(settle: (job: Job) => void): void {
    const job = inWork;
    inWork = null;
    if (job !== null) settle(job);
    workOnNext();
  }

  function failAll(error: BlastogradeError): void {
    for (const job of [...(inWork ? [inWork] : []), ...queue.splice(0)]) job.reject(error);
    inWork = null;
    onIdle?.();
  }

  /** Resolves once the worker is warm; from then on its messages settle jobs and its death starts another. */
  function startWorker(): Promise<void> {
    return new Promise((resolve, reject) => {
      const starting = new Worker(script, { workerData: setup });
      let died: unknown;
      let startFailure: BlastogradeError | undefined;
      starting.on("error", (error) => {
        died = error;
      });
      starting.on("message", (message: FromInferenceWorker) => {
        if (message.kind === "ready") {
          worker = starting;
          resolve();
          // The end was asked for while this one, a restarted one, was loading.
          if (closing) void starting.terminate();
        } else if (message.kind === "start-failed") startFailure = restoreError(message.error);
        else if (message.kind === "graded") finish((job) => job.resolve(message.answer));
        else finish((job) => job.reject(restoreError(message.error)));
      });
      starting.on("exit", (exitCode) => {
        if (worker !== starting) {
          reject(startFailure ?? new ModelUnavailable("The inference worker died while it started.", { cause: died }));
          return;
        }
        worker = null;
        if (closing && inWork === null) return;
        logger.error({ err: died, exitCode }, "the inference worker died");
        failAll(new ModelUnavailable("The inference worker died; the clip can be sent again.", { cause: died }));
        startAgain(restartDelay);
      });
    });
  }

  function startAgain(delay: number): void {
    if (closing) return;
    restart = setTimeout(() => {
      startWorker().then(
        () => logger.info("the inference worker is back"),
        (err) => {
          logger.error({ err }, "the inference worker cannot be started again");
          startAgain(Math.min(2 * delay, LONGEST_RESTART_DELAY));
        },
      );
    }, delay);
  }

  await startWorker();
  return {
    get ready() {
      return worker !== null && !closing;
    },
    get waiting() {
      return queue.length;
    },
    async grade(clip) {
      if (closing) throw new ModelUnavailable("The model server is shutting down.");
      if (worker === null) throw new ModelUnavailable("The inference worker is being started again.");
      if (inWork !== null && queue.length >= queueLimit) {
        throw new ModelUnavailable(`${queue.length} clips are waiting already; send this one again later.`);
      }
      return new Promise((resolve, reject) => {
        queue.push({ clip, resolve, reject });
        workOnNext();
      });
    },
    async close() {
      closing = true;
      clearTimeout(restart);
      if (inWork !== null) {
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      }
      const ending = worker;
      if (ending === null) return;
      const ended = new Promise<void>((resolve) => ending.once("exit", () => resolve()));
      ending.postMessage({ kind: "close" } satisfies ToInferenceWorker);
      await ended;
    },
    async abort() {
      closing = true;
      clearTimeout(restart);
      await worker?.terminate();
    },
  };
}
