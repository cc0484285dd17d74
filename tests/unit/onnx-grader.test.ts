import { describe, expect, it } from "vitest";
import { createGrader } from "../../adapters/onnx/grader.ts";
import type { NetworkInput, NetworkSession } from "../../adapters/onnx/network-session.ts";
import { createSegmenter } from "../../adapters/onnx/segmenter.ts";

const FRAME_BYTES = 3 * 224 * 224;
const FEATURES = 2;

/** A CNN whose features are a frame's first two bytes, plus one; it keeps what it was given. */
function spyCnn() {
  const batches: number[][] = [];
  const session: NetworkSession = {
    async run({ frames }) {
      const { values, shape } = frames as NetworkInput;
      batches.push([...shape]);
      const count = shape[0]!;
      const features = Array.from({ length: count * FEATURES }, (_, n) => {
        return values[Math.floor(n / FEATURES) * FRAME_BYTES + (n % FEATURES)]! + 1;
      });
      return { features: Float32Array.from(features) };
    },
    release: async () => {},
  };
  return { session, batches };
}

function fakeRnn(answer: { icm?: number[]; te?: number[] } = {}) {
  const inputs: NetworkInput[] = [];
  const session: NetworkSession = {
    async run({ features }) {
      inputs.push(features!);
      return {
        icm: Float32Array.from(answer.icm ?? [0.5, 0.375, 0.125]),
        te: Float32Array.from(answer.te ?? [0.125, 0.25, 0.625]),
      };
    },
    release: async () => {},
  };
  return { session, inputs };
}

function framesOf(count: number): Uint8Array {
  const frames = new Uint8Array(count * FRAME_BYTES);
  for (let t = 0; t < count; t++) frames.set([10 + t, 100 + t], t * FRAME_BYTES);
  return frames;
}

describe("the grader", () => {
  it("sends each frame through the CNN once, five at a time, and no padding", async () => {
    const cnn = spyCnn();
    const grader = createGrader({ cnn: cnn.session, rnn: fakeRnn().session, features: FEATURES, framesPerBatch: 5 });

    await grader.grade(framesOf(12), 12);

    expect(cnn.batches).toEqual([
      [5, 3, 224, 224],
      [5, 3, 224, 224],
      [2, 3, 224, 224],
    ]);
  });

  it("pads with zero feature vectors at the end, up to 30", async () => {
    const rnn = fakeRnn();
    const grader = createGrader({ cnn: spyCnn().session, rnn: rnn.session, features: FEATURES, framesPerBatch: 5 });

    await grader.grade(framesOf(2), 2);

    const [input] = rnn.inputs;
    expect(input).toMatchObject({ type: "float32", shape: [1, 30, FEATURES] });
    expect([...input!.values]).toEqual([11, 101, 12, 102, ...Array(28 * FEATURES).fill(0)]);
  });

  it.each([1, 4, 5, 30])("gives the same features with %i frames in a call", async (framesPerBatch) => {
    const { session } = spyCnn();
    const grader = createGrader({ cnn: session, rnn: fakeRnn().session, features: FEATURES, framesPerBatch });

    const features = await grader.features(framesOf(30), 30);

    expect([...features]).toEqual(Array.from({ length: 30 }, (_, t) => [11 + t, 101 + t]).flat());
  });

  it("names the classes in the order A, B, C", async () => {
    const rnn = fakeRnn();
    const grader = createGrader({ cnn: spyCnn().session, rnn: rnn.session, features: FEATURES, framesPerBatch: 5 });

    const scores = await grader.grade(framesOf(1), 1);

    expect(scores).toEqual({ icm: { A: 0.5, B: 0.375, C: 0.125 }, te: { A: 0.125, B: 0.25, C: 0.625 } });
  });

  it.each([
    ["not a number", [Number.NaN, 0.5, 0.5]],
    ["off 1 in sum", [0.5, 0.5, 0.1]],
    ["negative", [-0.1, 0.6, 0.5]],
  ])("refuses scores that are %s", async (_, te) => {
    const rnn = fakeRnn({ te });
    const grader = createGrader({ cnn: spyCnn().session, rnn: rnn.session, features: FEATURES, framesPerBatch: 5 });

    await expect(grader.grade(framesOf(1), 1)).rejects.toMatchObject({ code: "PREDICTION_INVALID" });
  });

  it("refuses a feature that is not a number before the RNN can clip it away", async () => {
    const rnn = fakeRnn();
    const cnn: NetworkSession = {
      run: async () => ({ features: Float32Array.of(1, Number.NaN) }),
      release: async () => {},
    };
    const grader = createGrader({ cnn, rnn: rnn.session, features: FEATURES, framesPerBatch: 5 });

    await expect(grader.grade(framesOf(1), 1)).rejects.toMatchObject({ code: "PREDICTION_INVALID" });
    expect(rnn.inputs).toEqual([]);
  });

  it("refuses a CNN with another number of features than the manifest says", async () => {
    const grader = createGrader({ cnn: spyCnn().session, rnn: fakeRnn().session, features: 7, framesPerBatch: 5 });

    await expect(grader.grade(framesOf(1), 1)).rejects.toMatchObject({ code: "BUNDLE_DAMAGED" });
  });

  it.each([0, 31, 1.5])("refuses %d frames", async (count) => {
    const rnn = fakeRnn();
    const grader = createGrader({ cnn: spyCnn().session, rnn: rnn.session, features: FEATURES, framesPerBatch: 5 });

    await expect(grader.grade(new Uint8Array(Math.ceil(count) * FRAME_BYTES), count)).rejects.toThrow(RangeError);
  });
});

describe("the segmenter", () => {
  const side = 64;
  /** Answers a picture's first byte over 255 everywhere. */
  const cropper: NetworkSession = {
    async run({ picture }) {
      const { values, shape } = picture as NetworkInput;
      const embryo = new Float32Array(shape[0]! * side * side);
      for (let n = 0; n < shape[0]!; n++) {
        embryo.fill(values[n * 3 * side * side]! / 255, n * side * side, (n + 1) * side * side);
      }
      return { embryo };
    },
    release: async () => {},
  };

  it("gives one mask a picture, in their order, past the size of one call", async () => {
    const segmenter = createSegmenter(cropper, "5".repeat(64));
    const pictures = Array.from({ length: 35 }, (_, n) => new Uint8Array(3 * side * side).fill(n));

    const masks = await segmenter.segment(pictures);

    expect(masks.map((mask) => Math.round(mask[4095]! * 255))).toEqual(pictures.map((_, n) => n));
    expect(masks.every((mask) => mask.length === side * side)).toBe(true);
  });

  it("refuses probabilities that are none", async () => {
    const broken: NetworkSession = {
      run: async () => ({ embryo: new Float32Array(side * side).fill(Number.NaN) }),
      release: async () => {},
    };
    const segmenter = createSegmenter(broken, "5".repeat(64));

    await expect(segmenter.segment([new Uint8Array(3 * side * side)])).rejects.toMatchObject({ code: "MODEL_FAILED" });
  });

  it("has nothing to say of no pictures", async () => {
    expect(await createSegmenter(cropper, "5".repeat(64)).segment([])).toEqual([]);
  });
});
