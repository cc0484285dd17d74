import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Logger } from "pino";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { forbidTelemetry } from "../../adapters/config/telemetry.ts";
import { DEFAULT_FRAMES_PER_BATCH } from "../../adapters/onnx/grader.ts";
import type { Device } from "../../adapters/onnx/network-session.ts";
import { type LoadedBundle, loadBundle } from "../bundle/load-bundle.ts";
import { createModelApp, type ServedModel } from "./app.ts";
import type { InferenceSetup } from "./inference-messages.ts";
import { type InferenceThread, startInferenceThread } from "./inference-thread.ts";

export interface ModelServerOptions {
  /** A folder `models/<name>/`. */
  readonly bundleDir: string;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Threads of the one clip in work. */
  readonly threads: number;
  /** @default "cpu" */
  readonly device?: Device;
  /** Clips that may wait behind the one in work; one more is answered 503. @default 16 */
  readonly queueLimit?: number;
  /** Frames in one call of the CNN. @default 10 */
  readonly framesPerBatch?: number;
  readonly logger: Logger;
  /** Called as soon as `/ping` is answered, with 503 until the model is warm. */
  readonly onListening?: (url: string) => void;
  /** Milliseconds that {@link ModelServer.close} waits for clips in work; SageMaker kills after 30 s. @default 25000 */
  readonly drainTimeout?: number;
  /** Program of the inference thread, for tests that need one that dies. @default the one that runs the networks */
  readonly inferenceScript?: URL;
}

export interface ModelServer {
  readonly port: number;
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly bundle: LoadedBundle;
  /** Takes no more requests, answers those it has, and frees everything. */
  close(): Promise<void>;
}

/**
 * Starts the model server: listens, verifies the bundle, opens the networks in a thread of their own, warms them.
 *
 * @returns once `/ping` answers 200
 * @throws BundleDamaged; ModelUnavailable when the device is not there; what `listen` throws when the port is taken
 * @example
 * const server = await startModelServer({ bundleDir: "model-container/models/demo", port: 0, threads: 2, logger });
 * await fetch(`${server.url}/ping`);
 * await server.close();
 */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const { bundleDir, host = "127.0.0.1", threads, device = "cpu", queueLimit = 16, logger } = options;
  forbidTelemetry();
  let draining = false;
  let model: ServedModel | null = null;
  const app = createModelApp({ model: () => model, clipFormat: npzClipFormat, draining: () => draining, logger });
  const http = createAdaptorServer({ fetch: app.fetch }) as Server;
  http.listen(options.port, host);
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  options.onListening?.(url);

  try {
    const bundle = await loadBundle(bundleDir);
    const setup: InferenceSetup = {
      bundle,
      threads,
      device,
      framesPerBatch: options.framesPerBatch ?? DEFAULT_FRAMES_PER_BATCH,
    };
    const script = options.inferenceScript ?? new URL("./inference-worker.ts", import.meta.url);
    const thread = await startInferenceThread({ script, setup, queueLimit, logger });
    model = servedBy(bundle, thread);
    logger.info({ url, model: bundle.manifest.name, modelSha256: bundle.manifest.modelSha256 }, "model server ready");
    let closed: Promise<void> | undefined;
    const close = () => {
      draining = true;
      closed ??= drain(http, thread, options.drainTimeout ?? 25_000);
      return closed;
    };
    return { port, url, bundle, close };
  } catch (error) {
    await stopListening(http);
    throw error;
  }
}

function servedBy(bundle: LoadedBundle, thread: InferenceThread): ServedModel {
  return {
    manifest: bundle.manifest,
    get ready() {
      return thread.ready;
    },
    grade: (clip) => thread.grade(clip),
  };
}

/** Requests that have begun are answered, their connections closed, and then the thread ended; or cut off when overdue. */
async function drain(http: Server, thread: InferenceThread, timeout: number): Promise<void> {
  const overdue = setTimeout(() => {
    void thread.abort();
    http.closeAllConnections();
  }, timeout);
  const connectionsEnded = once(http, "close");
  http.close();
  // A kept-alive connection becomes idle only after its answer is sent, and nothing tells when.
  const idle = setInterval(() => http.closeIdleConnections(), 20);
  await connectionsEnded;
  clearInterval(idle);
  await thread.close();
  clearTimeout(overdue);
}

async function stopListening(http: Server): Promise<void> {
  const ended = once(http, "close");
  http.close();
  http.closeAllConnections();
  await ended;
}
