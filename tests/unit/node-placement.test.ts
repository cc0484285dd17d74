import { writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { onnxSessionOptions } from "../../adapters/onnx/network-session.ts";
import {
  type AllowedOnCpu,
  isLstm,
  isShapeArithmetic,
  openPlacementCheck,
  operatorsOfProfile,
} from "../../adapters/onnx/node-placement.ts";

const DEMO_BUNDLE = join(import.meta.dirname, "../../model-container/models/demo");
const RNN = join(DEMO_BUNDLE, "rnn.onnx");
const FEATURES = 512;

/** An operator in a profile, as ONNX Runtime writes it. */
const ran = (args: object) => ({ cat: "Node", name: "x_kernel_time", args });

/** Everything runs on the CPU here, so that a check finds what it would find were CUDA to give all of it back. */
async function verified(allowed: AllowedOnCpu) {
  const check = await openPlacementCheck("rnn.onnx", allowed);
  onTestFinished(() => check.close());
  const options = onnxSessionOptions({ threads: 1, device: "cuda" }, check.profileFilePrefix);
  const session = await InferenceSession.create(RNN, { ...options, executionProviders: ["cpu"] });
  await session.run({ features: new Tensor("float32", new Float32Array(30 * FEATURES), [1, 30, FEATURES]) });
  await check.verify(session);
  await session.release();
  return check;
}

describe("the check of where a network ran", () => {
  it("names what the CPU ran and may not", async () => {
    const running = verified(isLstm);

    await expect(running).rejects.toMatchObject({
      code: "MODEL_UNAVAILABLE",
      message: expect.stringMatching(/ran (?!.*LSTM).*Gemm.* of rnn\.onnx on the CPU/),
    });
  });

  it("lets pass what the CPU may run, and leaves nothing on disk", async () => {
    const check = await verified(() => true);

    await expect(readdir(dirname(check.profileFilePrefix))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("has nothing against what the GPU ran", async () => {
    const check = await openPlacementCheck("rnn.onnx", isLstm);
    onTestFinished(() => check.close());
    const profile = JSON.stringify([
      ran({ op_name: "Gemm", provider: "CUDAExecutionProvider", output_type_shape: [{ float: [1, 3] }] }),
      ran({ op_name: "LSTM", provider: "CPUExecutionProvider", output_type_shape: [{ float: [30, 1, 1, 64] }] }),
    ]);

    const verifying = check.verify({ endProfiling: () => writeFileSync(`${check.profileFilePrefix}_1.json`, profile) });

    await expect(verifying).resolves.toBeUndefined();
  });

  it("takes no silence for a yes", async () => {
    const check = await openPlacementCheck("rnn.onnx", () => true);
    onTestFinished(() => check.close());

    const verifying = check.verify({ endProfiling: () => {} });

    await expect(verifying).rejects.toMatchObject({ code: "MODEL_UNAVAILABLE" });
  });

  it("reads each operator's provider and largest output off a profile, and passes over what is no operator", () => {
    const profile = JSON.stringify([
      { cat: "Session", name: "model_run", args: {} },
      { cat: "Node", name: "x_fence_before", args: { op_name: "Conv" } },
      ran({ op_name: "Conv", provider: "CUDAExecutionProvider", output_type_shape: [{ float: [2, 3, 4] }] }),
      ran({ op_name: "Split", provider: "CPUExecutionProvider", output_type_shape: [{ int64: [] }, { int64: [4] }] }),
    ]);

    expect(operatorsOfProfile(profile)).toEqual([
      { name: "Conv", provider: "CUDAExecutionProvider", largestOutput: 24 },
      { name: "Split", provider: "CPUExecutionProvider", largestOutput: 4 },
    ]);
  });
});

describe("what the CPU may run where a GPU was promised", () => {
  const onCpu = (name: string, largestOutput: number) => ({ name, largestOutput, provider: "CPUExecutionProvider" });

  it("is the LSTM in the RNN, and none of the layers around it", () => {
    expect(["LSTM", "Gemm", "Softmax", "Transpose"].filter((name) => isLstm(onCpu(name, 192)))).toEqual(["LSTM"]);
  });

  it("is arithmetic on a shape in the pregnancy network, and neither its maps nor its logit", () => {
    expect(["Shape", "Gather", "Mul", "Cast"].every((name) => isShapeArithmetic(onCpu(name, 4)))).toBe(true);
    expect(isShapeArithmetic(onCpu("Mul", 512 * 7 * 7))).toBe(false);
    expect(isShapeArithmetic(onCpu("Gemm", 1))).toBe(false);
  });
});

describe("a session's options", () => {
  it("forbid on CUDA what ONNX Runtime does by itself: to give the CPU what has no kernel there", async () => {
    const options = onnxSessionOptions({ threads: 1, device: "cuda" });

    // Here without CUDA: ONNX Runtime then takes the CPU, and must refuse to.
    const loading = InferenceSession.create(RNN, { ...options, executionProviders: [], logSeverityLevel: 4 });

    expect(options.executionProviders).toEqual(["cuda"]);
    await expect(loading).rejects.toThrow("fallback to CPU EP has been explicitly disabled");
  });

  it("forbid nothing on the CPU", async () => {
    const session = await InferenceSession.create(RNN, onnxSessionOptions({ threads: 1 }));
    await session.release();

    expect(session.outputNames).toEqual(expect.arrayContaining(["icm", "te"]));
  });
});
