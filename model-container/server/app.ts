import { createHash } from "node:crypto";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import type { Logger } from "pino";
import type { BundleManifest } from "../../core/contracts/bundle.ts";
import { CLIP_SIZE, type Clip, FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import { ModelUnavailable } from "../../core/errors.ts";
import type { ClipFormat } from "../../core/ports.ts";
import { type ClipAnswer, calibratorFor, predictionOf, refuseOtherCropper } from "./clip-answer.ts";
import { answerError, answerProblem } from "./problem.ts";

/** A full clip, and room for the npz around it. */
export const LONGEST_BODY = FRAMES_AT_MOST * 3 * CLIP_SIZE * CLIP_SIZE + 256 * 1024;

const CLIP_TYPES = ["application/x-npz", "application/octet-stream"];
/** SageMaker's name of a request, by which the caller finds the answer again. */
const INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id";

/** What answers invocations: the inference thread, or a test's. */
export interface ServedModel {
  readonly manifest: BundleManifest;
  readonly ready: boolean;
  /** @throws ModelUnavailable; ModelFailed; PredictionInvalid */
  grade(clip: Clip): Promise<ClipAnswer>;
}

export interface ModelAppOptions {
  /** @returns null while the bundle is loading */
  readonly model: () => ServedModel | null;
  readonly clipFormat: ClipFormat;
  /** True once the server is to end: no further request is taken, and connections are given up with their answer. */
  readonly draining: () => boolean;
  readonly logger: Logger;
}

type ModelAppEnv = { Variables: { served: ServedModel | ModelUnavailable } };

/**
 * The two routes of a SageMaker container: `GET /ping` and `POST /invocations`.
 *
 * @example
 * const app = createModelApp({ model: () => served, clipFormat: npzClipFormat, draining: () => false, logger });
 * const answer = await app.request("/invocations", { method: "POST", body: clip });
 */
export function createModelApp(options: ModelAppOptions): Hono<ModelAppEnv> {
  const { model, clipFormat, draining, logger } = options;
  const app = new Hono<ModelAppEnv>();

  function readyModel(): ServedModel | ModelUnavailable {
    const served = model();
    if (draining()) return new ModelUnavailable("The model server is shutting down.");
    return served?.ready ? served : new ModelUnavailable("The model is not loaded and warm.");
  }

  app.use(async (context, next) => {
    const inferenceId = context.req.header(INFERENCE_ID);
    if (inferenceId !== undefined) context.header(INFERENCE_ID, inferenceId);
    if (draining()) context.header("Connection", "close");
    await next();
  });

  app.get("/ping", (context) => {
    const served = readyModel();
    return served instanceof Error ? answerError(context, served) : context.json({ status: "ready" });
  });

  // Asked before the body is read, so that a request that had begun when the server was told to end is still answered.
  const admit = createMiddleware<ModelAppEnv>(async (context, next) => {
    context.set("served", readyModel());
    await next();
  });
  const tooLarge = bodyLimit({
    maxSize: LONGEST_BODY,
    onError: (context) => {
      // The rest of the body is not read, so this connection ends here: the caller's next request must not go over it.
      context.header("Connection", "close");
      return answerProblem(context, "PAYLOAD_TOO_LARGE", `A clip has at most ${LONGEST_BODY} bytes.`, false);
    },
  });
  app.post("/invocations", admit, tooLarge, async (context) => {
    const started = performance.now();
    // Read also when it is refused: a connection with half a request on it is of no use to the caller's next one.
    const body = new Uint8Array(await context.req.arrayBuffer());
    const served = context.get("served");
    if (served instanceof Error) throw served;
    const type = context.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
    if (type !== undefined && !CLIP_TYPES.includes(type)) {
      return answerProblem(context, "UNSUPPORTED_MEDIA_TYPE", `A clip is ${CLIP_TYPES.join(" or ")}.`, false);
    }
    const clip = clipFormat.decode(body);
    // A clip that this model cannot answer is refused before it waits behind others.
    refuseOtherCropper(clip.meta, served.manifest);
    calibratorFor(clip.meta, served.manifest);
    const answer = await served.grade(clip);
    const clipSha256 = createHash("sha256").update(body).digest("hex");
    const prediction = predictionOf(served.manifest, clipSha256, clip, answer);
    const inferenceId = context.req.header(INFERENCE_ID);
    const { framesUsed } = prediction;
    logger.info({ inferenceId, clipSha256, framesUsed, ms: performance.now() - started }, "graded a clip");
    return context.json(prediction);
  });

  app.notFound((context) => answerProblem(context, "NOT_FOUND", "There are GET /ping and POST /invocations.", false));
  app.onError((error, context) => {
    logger.warn({ err: error, inferenceId: context.req.header(INFERENCE_ID) }, "refused a clip");
    return answerError(context, error);
  });
  return app;
}
