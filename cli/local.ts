import { join } from "node:path";
import { serve } from "@hono/node-server";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Logger } from "pino";
import { npzClipFormat } from "../adapters/archive/npz-clip.ts";
import { zipArchiveReader } from "../adapters/archive/zip-archive.ts";
import { webpOverlayEncoder } from "../adapters/image/overlay-encoder.ts";
import { sharpDecoder, sharpEncoder } from "../adapters/image/sharp-pictures.ts";
import type { AfterDurableWrite } from "../adapters/local/durable-write.ts";
import { type FolderLock, lockFolder } from "../adapters/local/folder-lock.ts";
import { openFolderObjectStore } from "../adapters/local/folder-object-store.ts";
import { loadOrCreateSecret } from "../adapters/local/local-secret.ts";
import { InferenceJob, inferClip, openLoopbackEndpoint } from "../adapters/local/loopback-endpoint.ts";
import { receiveUpload } from "../adapters/local/receive-upload.ts";
import { type Consumer, startConsumer } from "../adapters/local/sqlite-consumer.ts";
import { openSqliteDatabase } from "../adapters/local/sqlite-database.ts";
import { openSqliteGradingStore } from "../adapters/local/sqlite-grading-store.ts";
import { openQueue, type QueueOptions } from "../adapters/local/sqlite-queue.ts";
import { openSqliteRecordStore } from "../adapters/local/sqlite-record-store.ts";
import { openUploadForms, UPLOAD_FORM_PATH } from "../adapters/local/upload-form.ts";
import { openSegmenter } from "../adapters/onnx/segmenter.ts";
import { assetFolder } from "../adapters/system/asset-folder.ts";
import { randomIds, systemClock } from "../adapters/system/clock-and-ids.ts";
import { CropJob, InferenceNotification, UploadStored } from "../core/contracts/messages.ts";
import { type BlastogradeError, UploadRefused } from "../core/errors.ts";
import type { StageMeter } from "../core/ports.ts";
import { rejectGrading } from "../core/stations/close.ts";
import { cropEmbryo } from "../core/stations/crop.ts";
import { recordGrade } from "../core/stations/grade.ts";
import { ingestUpload } from "../core/stations/ingest.ts";
import { uploadOf } from "../core/stations/keys.ts";
import type { ServedCalibrator } from "../core/stations/pregnancy-answer.ts";
import { announceStoredUploads, sweepGradings } from "../core/stations/sweep.ts";
import { createApp } from "../functions/grade/app.ts";
import { readNetwork } from "../model-container/bundle/load-bundle.ts";
import { type ModelServer, startModelServer } from "../model-container/server/server.ts";
import { loadCalibrator } from "./local-calibrator.ts";

export interface LocalServiceOptions {
  readonly dataDir: string;
  readonly clinicId: string;
  /** Folder of the model bundle. */
  readonly modelBundle: string;
  /** The clinic's pregnancy calibrator. @default the file beside the bundle, if there is one */
  readonly pregnancyCalibrator?: string | null;
  readonly modelThreads: number;
  readonly logger: Logger;
  /**
   * Where clients reach the service, without a slash at the end: upload forms point there.
   * @default where it listens, or "http://blastograde.local" as long as it does not
   */
  readonly publicUrl?: string | null;
  /** Told of every durable write; the crash tests end the process in it. */
  readonly afterWrite?: AfterDurableWrite;
  /** Measures the crop station. @default measures nothing */
  readonly meter?: StageMeter;
}

export interface LocalService {
  /** The HTTP API, the page, and the door that upload forms point to. */
  readonly app: OpenAPIHono;
  /** Starts listening. @returns the URL it is reached at from this machine, without a slash at the end */
  listen(address: { host: string; port: number }): Promise<string>;
  /** Resolves once no station has anything left to do. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const UPLOAD_FORM_SECONDS = 3600;
// A form can be posted in its last second, and an archive of a gigabyte takes its time over a clinic's line.
const UPLOAD_TRANSFER_SECONDS = 24 * 3600;
const SWEEP_EVERY_SECONDS = 60;
// Past any station's work on one embryo here: what has not moved for so long has been lost.
const STUCK_SECONDS = 1800;
const SETBACK_SECONDS = 60;
const TRIES_AT_MOST = 6;
const MAX_ATTEMPTS = 5;
// A delivery is not extended while it is worked on; what a crash leaves taken is released at the next start.
const VISIBILITY_SECONDS = 3600;

/**
 * The local wiring: the same stations as in the cloud, over a folder, SQLite, and the model server on loopback.
 *
 * @throws DataFolderInUse; BundleDamaged; CalibratorInvalid; CalibratorOfOtherModel
 * @example
 * const service = await openLocalService({ dataDir, clinicId: "north", modelBundle, modelThreads: 2, logger });
 * const answer = await service.app.request("/v1/uploads", { method: "POST" });
 * await service.close();
 */
export async function openLocalService(options: LocalServiceOptions): Promise<LocalService> {
  // Before anything else: what a start does to queues and drafts is right only where nobody else is at work.
  const lock = await lockFolder(options.dataDir);
  let model: ModelServer | undefined;
  try {
    model = await startModelServer({
      bundleDir: options.modelBundle,
      port: 0,
      threads: options.modelThreads,
      logger: options.logger,
    });
    const calibrator = await loadCalibrator(model.bundle, options.pregnancyCalibrator ?? null);
    return await wireStations(options, { model, calibrator, lock });
  } catch (error) {
    await model?.close();
    lock.release();
    throw error;
  }
}

interface Started {
  readonly model: ModelServer;
  readonly calibrator: ServedCalibrator | null;
  readonly lock: FolderLock;
}

async function wireStations(options: LocalServiceOptions, started: Started): Promise<LocalService> {
  const { dataDir, logger, afterWrite } = options;
  const { model, calibrator, lock } = started;
  const clock = systemClock;
  const segmenter = await openSegmenter(await readNetwork(model.bundle, "cropper"), {
    sha256: model.bundle.manifest.networks.cropper.sha256,
    threads: 1,
  });

  const objects = await openFolderObjectStore({ root: join(dataDir, "objects"), afterWrite });
  const database = openSqliteDatabase({ file: join(dataDir, "blastograde.sqlite"), afterWrite });
  const gradings = openSqliteGradingStore({ database });
  const records = openSqliteRecordStore({ database });
  const queue = <Message>(name: string, schema: QueueOptions<Message>["schema"]) =>
    openQueue({ database, name, schema, clock, visibilitySeconds: VISIBILITY_SECONDS, maxAttempts: MAX_ATTEMPTS });
  const stored = queue("stored", UploadStored);
  const cropJobs = queue("crop", CropJob);
  const inferenceJobs = queue("inference", InferenceJob);
  const finished = queue("finished", InferenceNotification);

  const endpoint = openLoopbackEndpoint(inferenceJobs);
  const ports = {
    objects,
    gradings,
    records,
    archives: zipArchiveReader,
    pictures: sharpDecoder,
    previews: sharpEncoder,
    overlays: webpOverlayEncoder,
    segmenter,
    clips: npzClipFormat,
    endpoint,
    stored,
    cropJobs,
    finished,
    modelUrl: model.url,
    clock,
    ...(options.meter && { meter: options.meter }),
  };
  const reportUnswept = (error: Error) => logger.error({ err: error }, "a grading could not be swept");
  const close = async (gradingId: string | undefined, error: BlastogradeError) => {
    if (gradingId !== undefined) await rejectGrading(ports, gradingId, error);
  };

  // This process has the folder for itself, so whatever is taken now was taken by one that is gone.
  for (const each of [stored, cropJobs, inferenceJobs, finished]) await each.releaseTaken();
  await announceStoredUploads(ports).catch(reportUnswept);
  const consumers: Consumer[] = [
    startConsumer({
      queue: stored,
      concurrency: 1,
      handle: (message) => ingestUpload(message, ports),
      onDead: (message, error) => close(uploadOf(message.key)?.gradingId, error),
      logger,
    }),
    startConsumer({
      queue: cropJobs,
      concurrency: 1,
      handle: (job) => cropEmbryo(job, ports),
      onDead: (job, error) => close(job.gradingId, error),
      logger,
    }),
    startConsumer({
      queue: inferenceJobs,
      concurrency: 1,
      handle: (job) => inferClip(job, ports),
      onDead: (job, error) => close(job.gradingId, error),
      logger,
    }),
    startConsumer({
      queue: finished,
      concurrency: 1,
      handle: (notification) => recordGrade(notification, ports),
      onDead: (notification, error) => close(notification.inferenceId, error),
      logger,
    }),
  ];
  const limits = {
    idleSeconds: STUCK_SECONDS,
    inferenceSeconds: STUCK_SECONDS,
    uploadSeconds: UPLOAD_FORM_SECONDS + UPLOAD_TRANSFER_SECONDS,
    setbackSeconds: SETBACK_SECONDS,
    triesAtMost: TRIES_AT_MOST,
  };
  const sweeping = setInterval(() => {
    sweepGradings(ports, limits).then(
      ({ failures }) => failures.forEach(reportUnswept),
      (error) => logger.error({ err: error }, "the sweep failed"),
    );
  }, SWEEP_EVERY_SECONDS * 1000);

  let listensAt = "http://blastograde.local";
  let server: ReturnType<typeof serve> | undefined;
  const forms = openUploadForms({
    baseUrl: () => options.publicUrl ?? listensAt,
    secret: await loadOrCreateSecret({ file: join(dataDir, "upload-secret"), afterWrite }),
    clock,
    lifetimeSeconds: UPLOAD_FORM_SECONDS,
  });
  const app = createApp({
    objects,
    gradings,
    records,
    uploadForms: forms,
    ids: randomIds,
    clock,
    tenantOf: async () => ({ clinicId: options.clinicId }),
    demo: model.bundle.manifest.demo,
    calibratorOf: async () => calibrator,
    report: (error) => logger.error({ err: error }, "a request failed"),
    docsAsset,
  });
  app.post(UPLOAD_FORM_PATH, async (c) => {
    const body = c.req.raw.body ?? new ReadableStream<Uint8Array>({ start: (stream) => stream.close() });
    const contentType = c.req.header("Content-Type") ?? "";
    // A refusal may come before the body's end, and then this connection cannot carry the client's next request.
    c.header("Connection", "close");
    const object = await receiveUpload({ body, contentType, forms, store: objects });
    c.header("Connection", undefined);
    const grading = await gradings.find(uploadOf(object.key)?.gradingId ?? "");
    if (grading?.rejection?.code === "UPLOAD_EXPIRED") {
      throw new UploadRefused("The upload took so long that its form was given up. Ask for a new form.");
    }
    await stored.send({ key: object.key, version: object.version, size: object.size });
    return c.body(null, 204);
  });

  return {
    app,
    async listen({ host, port }) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      // Node ends a request after five minutes; an archive of a gigabyte may take longer over a clinic's line.
      const serverOptions = { requestTimeout: 0 };
      server = serve({ fetch: app.fetch, hostname: host, port, serverOptions }, (address) => resolve(address.port));
      server.once("error", reject);
      listensAt = httpUrl(host, await promise);
      return listensAt;
    },
    async idle() {
      // In the way of the data: what one station has finished is in the next one's queue.
      for (const consumer of consumers) await consumer.idle();
    },
    async close() {
      clearInterval(sweeping);
      server?.close();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await model.close();
      await segmenter.close();
      database.close();
      lock.release();
    },
  };
}

/** @example httpUrl("::1", 8787) // "http://[::1]:8787" */
export function httpUrl(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Swagger UI, served by ourselves: a clinic's network may reach nothing else. */
const docsAsset = assetFolder(new URL(".", import.meta.resolve("swagger-ui-dist/package.json")));
