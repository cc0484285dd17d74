import { CLIP_SIZE, FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import { GRADES, type GradeDistribution } from "../../core/contracts/grades.ts";
import { BundleDamaged, PredictionInvalid } from "../../core/errors.ts";
import { type NetworkSession, openNetwork, type SessionOptions } from "./network-session.ts";
import { isLstm } from "./node-placement.ts";

const FRAME_BYTES = 3 * CLIP_SIZE * CLIP_SIZE;
const HEADS = ["icm", "te"];
/** Full-size Xception on two cores: 1.43 s a clip at 10, 1.44 to 1.50 s at 5, 6, 8 and 15; memory grows with them. */
export const DEFAULT_FRAMES_PER_BATCH = 10;

/** A network's softmax of both structures; scores, not probabilities. */
export interface GradeScores {
  readonly icm: GradeDistribution;
  readonly te: GradeDistribution;
}

export interface Grader {
  /**
   * CNN features of each frame, the same bits however the frames are split into calls.
   *
   * @param frames uint8 [T, 3, 224, 224]
   * @param frameCount T, 1 to 30
   * @returns float32 [T, F]
   * @throws ModelFailed; PredictionInvalid when a feature is not finite
   */
  features(frames: Uint8Array, frameCount: number): Promise<Float32Array>;
  /**
   * Scores of a sequence of features, chronological.
   *
   * Padding is zero feature vectors at the end that run through the cell unmasked (Kragh et al. 2019, section 2.3).
   *
   * @param features float32 [T, F]
   * @throws ModelFailed; PredictionInvalid
   */
  gradeFeatures(features: Float32Array, frameCount: number): Promise<GradeScores>;
  /** {@link features}, then {@link gradeFeatures}. */
  grade(frames: Uint8Array, frameCount: number): Promise<GradeScores>;
  /**
   * Scores of a single still, by the CNN's own heads.
   *
   * @param frame uint8 [3, 224, 224]
   * @throws ModelFailed; PredictionInvalid; BundleDamaged where the CNN has no heads of its own
   */
  gradeStill(frame: Uint8Array): Promise<GradeScores>;
  close(): Promise<void>;
}

export interface GraderOptions extends SessionOptions {
  /** Bytes or path of `cnn.onnx`: `frames` uint8 [N, 3, 224, 224] to `features` float32 [N, F]. */
  readonly cnn: Uint8Array | string;
  /** Bytes or path of `rnn.onnx`: `features` float32 [N, 30, F] to `icm` and `te`, float32 [N, 3]. */
  readonly rnn: Uint8Array | string;
  /** F; 2048 for the paper's Xception. */
  readonly features: number;
  /** Frames in one call of the CNN, at most. @default 10 */
  readonly framesPerBatch?: number;
  /** Whether the CNN's own heads, `icm` and `te`, float32 [N, 3], are needed. @default false */
  readonly gradesStills?: boolean;
}

/**
 * Opens the CNN and the RNN of a bundle. Grading blocks the calling thread while a network computes.
 *
 * @throws BundleDamaged; ModelUnavailable
 * @see Kragh et al. 2019, section 2.3
 * @example
 * const grader = await openGrader({ cnn, rnn, features: 2048, threads: 2 });
 * const { icm, te } = await grader.grade(clip.frames, clip.hpi.length);
 */
export async function openGrader(options: GraderOptions): Promise<Grader> {
  const { features, framesPerBatch = DEFAULT_FRAMES_PER_BATCH, gradesStills = false } = options;
  const outputs = ["features", ...(gradesStills ? HEADS : [])];
  const cnn = await openNetwork(options.cnn, { name: "cnn.onnx", inputs: ["frames"], outputs }, options);
  try {
    const signature = { name: "rnn.onnx", inputs: ["features"], outputs: HEADS, allowedOnCpu: isLstm };
    const rnn = await openNetwork(options.rnn, signature, options);
    return createGrader({ cnn, rnn, features, framesPerBatch });
  } catch (error) {
    await cnn.release();
    throw error;
  }
}

/** The grader over two loaded networks. */
export function createGrader(options: {
  readonly cnn: NetworkSession;
  readonly rnn: NetworkSession;
  readonly features: number;
  readonly framesPerBatch: number;
}): Grader {
  const { cnn, rnn, features: featureCount, framesPerBatch } = options;
  if (!Number.isInteger(framesPerBatch) || framesPerBatch < 1)
    throw new RangeError("framesPerBatch must be at least 1");

  async function features(frames: Uint8Array, frameCount: number): Promise<Float32Array> {
    checkCount(frameCount);
    if (frames.length !== frameCount * FRAME_BYTES) throw new RangeError("frames are not uint8 [T, 3, 224, 224]");
    const all = new Float32Array(frameCount * featureCount);
    for (let first = 0; first < frameCount; first += framesPerBatch) {
      const count = Math.min(framesPerBatch, frameCount - first);
      const values = frames.subarray(first * FRAME_BYTES, (first + count) * FRAME_BYTES);
      const answer = await cnn.run({ frames: { type: "uint8", values, shape: [count, 3, CLIP_SIZE, CLIP_SIZE] } }, [
        "features",
      ]);
      const part = answer.features;
      if (part?.length !== count * featureCount) {
        throw new BundleDamaged(`The CNN does not give the ${featureCount} features a frame that the manifest says.`);
      }
      all.set(part, first * featureCount);
    }
    // The RNN's hard-sigmoid gates clip, and clipping can make a number of what is not one.
    if (!all.every(Number.isFinite)) throw new PredictionInvalid("The CNN answered features that are not finite.");
    return all;
  }

  async function gradeFeatures(sequence: Float32Array, frameCount: number): Promise<GradeScores> {
    checkCount(frameCount);
    if (sequence.length !== frameCount * featureCount) throw new RangeError("features are not float32 [T, F]");
    const values = new Float32Array(FRAMES_AT_MOST * featureCount);
    values.set(sequence);
    const shape = [1, FRAMES_AT_MOST, featureCount];
    return gradeScores(await rnn.run({ features: { type: "float32", values, shape } }, HEADS));
  }

  async function gradeStill(frame: Uint8Array): Promise<GradeScores> {
    if (frame.length !== FRAME_BYTES) throw new RangeError("the frame is not uint8 [3, 224, 224]");
    const shape = [1, 3, CLIP_SIZE, CLIP_SIZE];
    return gradeScores(await cnn.run({ frames: { type: "uint8", values: frame, shape } }, HEADS));
  }

  return {
    features,
    gradeFeatures,
    grade: async (frames, frameCount) => gradeFeatures(await features(frames, frameCount), frameCount),
    gradeStill,
    async close() {
      await cnn.release();
      await rnn.release();
    },
  };
}

function checkCount(frameCount: number): void {
  if (!Number.isInteger(frameCount) || frameCount < 1 || frameCount > FRAMES_AT_MOST) {
    throw new RangeError(`${frameCount} frames; a clip has 1 to ${FRAMES_AT_MOST}`);
  }
}

function gradeScores({ icm, te }: Record<string, Float32Array>): GradeScores {
  return { icm: gradeDistribution(icm, "ICM"), te: gradeDistribution(te, "TE") };
}

/** Names the three outputs of a head, in the one class order there is. */
function gradeDistribution(scores: Float32Array | undefined, structure: string): GradeDistribution {
  if (scores?.length !== GRADES.length) {
    throw new BundleDamaged(`The ${structure} head does not have ${GRADES.length} classes.`);
  }
  const named = Object.fromEntries(GRADES.map((grade, k) => [grade, scores[k]]));
  const sum = scores.reduce((total, score) => total + score, 0);
  // Not `>`: with a NaN no comparison holds.
  if (!(scores.every((score) => score >= 0 && score <= 1) && Math.abs(sum - 1) <= 1e-4)) {
    throw new PredictionInvalid(`The ${structure} scores ${[...scores].join(", ")} are no distribution.`);
  }
  return named as GradeDistribution;
}
