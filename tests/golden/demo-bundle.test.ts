import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { type Grader, openGrader } from "../../adapters/onnx/grader.ts";
import { openNetwork } from "../../adapters/onnx/network-session.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { GRADES, type GradeDistribution } from "../../core/contracts/grades.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { applyGradeCalibrator } from "../../core/grading/grade-calibrator.ts";
import { type LoadedBundle, loadBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";
import { type ModelServer, startModelServer } from "../../model-container/server/server.ts";
import { DEMO_BUNDLE, invoke, silent } from "../contract/model-server.builders.ts";

/** PyTorch's features and masks against ours. */
const TOLERANCE = 1e-4;
/** PyTorch's softmax scores against ours. */
const SCORE_TOLERANCE = 1e-5;
const THREADS = 2;
const FRAME_BYTES = 3 * 224 * 224;

interface Golden {
  bytes(name: string): Uint8Array;
  floats(name: string): Float32Array;
  /** First dimension. */
  count(name: string): number;
}

async function readGolden(): Promise<Golden> {
  const files = decodeNpz(await readFile(join(DEMO_BUNDLE, "golden.npz")));
  const array = (name: string) => {
    const file = files.get(`${name}.npy`);
    if (file === undefined) throw new Error(`golden.npz has no ${name}`);
    return decodeNpy(file);
  };
  return {
    bytes: (name) => array(name).array as Uint8Array,
    floats: (name) => array(name).array as Float32Array,
    count: (name) => array(name).shape[0]!,
  };
}

/** Largest difference of any two values; NaN when the lengths differ or a value is NaN, which no tolerance admits. */
function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  // Math.max of a NaN is NaN.
  return Array.from(a, (value, index) => Math.abs(value - b[index]!)).reduce((x, y) => Math.max(x, y), 0);
}

const inClassOrder = (scores: GradeDistribution) => GRADES.map((grade) => scores[grade]);

describe("the demo bundle against PyTorch's golden outputs", () => {
  let golden: Golden;
  let bundle: LoadedBundle;
  let grader: Grader;
  let server: ModelServer;
  beforeAll(async () => {
    golden = await readGolden();
    bundle = await loadBundle(DEMO_BUNDLE);
    grader = await openGrader({
      cnn: await readNetwork(bundle, "cnn"),
      rnn: await readNetwork(bundle, "rnn"),
      features: bundle.manifest.networks.cnn.features,
      threads: THREADS,
    });
    server = await startModelServer({ bundleDir: DEMO_BUNDLE, port: 0, threads: THREADS, logger: silent });
  });
  afterAll(async () => {
    await grader.close();
    await server.close();
  });

  async function predict(frames: Uint8Array): Promise<Prediction> {
    const count = frames.length / FRAME_BYTES;
    const clip = npzClipFormat.encode({
      frames,
      hpi: Float32Array.from({ length: count }, (_, t) => 100 + t),
      meta: {
        schema: "blastograde/clip@1",
        archiveDigest: "a".repeat(64),
        cropperSha256: bundle.manifest.networks.cropper.sha256,
        ageYears: null,
        kind: "time-lapse",
      },
    });
    const answer = await invoke(server.url, clip);
    return Prediction.parse(await answer.json());
  }

  it("segments as PyTorch does", async () => {
    const { sha256 } = bundle.manifest.networks.cropper;
    const segmenter = await openSegmenter(await readNetwork(bundle, "cropper"), { sha256, threads: THREADS });
    const pictures = golden.bytes("cropper_picture");
    const size = pictures.length / golden.count("cropper_picture");

    const masks = await segmenter.segment(
      Array.from({ length: golden.count("cropper_picture") }, (_, n) => pictures.slice(n * size, (n + 1) * size)),
    );
    await segmenter.close();

    const embryo = masks.flatMap((mask) => [...mask]);
    expect(farthest(embryo, golden.floats("cropper_embryo"))).toBeLessThanOrEqual(TOLERANCE);
  });

  it("has the CNN's features and its own heads as PyTorch has them", async () => {
    const outputs = ["features", "icm", "te"];
    const signature = { name: "cnn.onnx", inputs: ["frames"], outputs };
    const cnn = await openNetwork(await readNetwork(bundle, "cnn"), signature, { threads: THREADS });
    const shape = [golden.count("cnn_frames"), 3, 224, 224];

    const answer = await cnn.run({ frames: { type: "uint8", values: golden.bytes("cnn_frames"), shape } }, outputs);
    await cnn.release();

    expect(farthest(answer.features!, golden.floats("cnn_features"))).toBeLessThanOrEqual(TOLERANCE);
    expect(farthest(answer.icm!, golden.floats("cnn_icm"))).toBeLessThanOrEqual(SCORE_TOLERANCE);
    expect(farthest(answer.te!, golden.floats("cnn_te"))).toBeLessThanOrEqual(SCORE_TOLERANCE);
  });

  it("grades full sequences of features as PyTorch does", async () => {
    const sequences = golden.floats("rnn_features");
    const count = golden.count("rnn_features");
    const size = sequences.length / count;
    const icm: number[] = [];
    const te: number[] = [];

    for (let n = 0; n < count; n++) {
      const scores = await grader.gradeFeatures(sequences.slice(n * size, (n + 1) * size), 30);
      icm.push(...inClassOrder(scores.icm));
      te.push(...inClassOrder(scores.te));
    }

    expect(farthest(icm, golden.floats("rnn_icm"))).toBeLessThanOrEqual(SCORE_TOLERANCE);
    expect(farthest(te, golden.floats("rnn_te"))).toBeLessThanOrEqual(SCORE_TOLERANCE);
  });

  it("has a short clip's features as PyTorch has them", async () => {
    const features = await grader.features(golden.bytes("clip_frames"), golden.count("clip_frames"));

    expect(farthest(features, golden.floats("clip_features"))).toBeLessThanOrEqual(TOLERANCE);
  });

  it("grades a short clip through the server as PyTorch does, padding included", async () => {
    const prediction = await predict(golden.bytes("clip_frames"));

    expect(prediction.framesUsed).toBe(golden.count("clip_frames"));
    expect(farthest(inClassOrder(prediction.icm.scores), golden.floats("clip_icm"))).toBeLessThanOrEqual(
      SCORE_TOLERANCE,
    );
    expect(farthest(inClassOrder(prediction.te.scores), golden.floats("clip_te"))).toBeLessThanOrEqual(SCORE_TOLERANCE);
  });

  it("applies the bundle's grade calibrator to the scores", async () => {
    const { icm, te } = await predict(golden.bytes("clip_frames"));
    const { gradeCalibrator } = bundle.manifest;

    expect(icm.probabilities).toEqual(applyGradeCalibrator(gradeCalibrator.icm, icm.scores));
    expect(te.probabilities).toEqual(applyGradeCalibrator(gradeCalibrator.te, te.scores));
  });

  // The comparisons above are worth something only where a mistake would show.
  it.each(["cnn_icm", "cnn_te", "rnn_icm", "rnn_te", "clip_icm", "clip_te"])(
    "would notice the classes of %s in another order",
    (name) => {
      const scores = golden.floats(name);

      const flipped = scores.map((_, index) => scores[index - (index % 3) + (2 - (index % 3))]!);

      expect(farthest(scores, flipped)).toBeGreaterThan(100 * SCORE_TOLERANCE);
    },
  );

  it("would notice the structures swapped", () => {
    expect(farthest(golden.floats("rnn_icm"), golden.floats("rnn_te"))).toBeGreaterThan(100 * SCORE_TOLERANCE);
    expect(farthest(golden.floats("clip_icm"), golden.floats("clip_te"))).toBeGreaterThan(100 * SCORE_TOLERANCE);
  });

  it("would notice the focal planes in another order", async () => {
    const plane = FRAME_BYTES / 3;
    const planes = Array.from({ length: golden.count("clip_frames") * 3 }, (_, index) => {
      const mirrored = index - (index % 3) + (2 - (index % 3));
      return golden.bytes("clip_frames").subarray(mirrored * plane, (mirrored + 1) * plane);
    });

    const features = await grader.features(Uint8Array.from(Buffer.concat(planes)), golden.count("clip_frames"));

    expect(farthest(features, golden.floats("clip_features"))).toBeGreaterThan(10 * TOLERANCE);
  });

  it("would notice the sequence in another order", async () => {
    const { features: width } = bundle.manifest.networks.cnn;
    const last = golden.floats("rnn_features").slice(-30 * width);
    const backwards = Float32Array.from(
      Array.from({ length: 30 }, (_, t) => [...last.subarray((29 - t) * width, (30 - t) * width)]).flat(),
    );

    const { icm } = await grader.gradeFeatures(backwards, 30);

    expect(farthest(inClassOrder(icm), golden.floats("rnn_icm").slice(-3))).toBeGreaterThan(10 * SCORE_TOLERANCE);
  });

  it("remembers a short clip through its padding", async () => {
    const { icm, te } = await predict(new Uint8Array(golden.bytes("clip_frames").length));

    const scores = [...inClassOrder(icm.scores), ...inClassOrder(te.scores)];
    const expected = [...golden.floats("clip_icm"), ...golden.floats("clip_te")];
    expect(farthest(scores, expected)).toBeGreaterThan(10 * SCORE_TOLERANCE);
  });
});
