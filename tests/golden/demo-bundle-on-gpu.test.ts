import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, it, onTestFinished } from "vitest";
import { isLstm, isShapeArithmetic, operatorsOfProfile, type RanOperator } from "../../adapters/onnx/node-placement.ts";
import { folderOf } from "../builders/run-command.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";

/** Each has a kernel for these types in ONNX Runtime's CUDA provider: docs/OperatorKernels.md of its repository. */
const ON_GPU = [
  ...["Add", "AveragePool", "BatchNormalization", "Cast", "Concat", "Conv", "Div", "Gemm", "MaxPool", "Mul"],
  ...["ReduceMean", "ReduceSum", "Relu", "Resize", "Softmax", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze"],
];

it.each(["cnn", "segmenter"])("has no operator in its %s that would stop the start on a GPU", async (network) => {
  const operators = await operatorsOf(network);

  expect(operators.length).toBeGreaterThan(20);
  expect(operators.map(({ name }) => name).filter((name) => !ON_GPU.includes(name))).toEqual([]);
});

it("has nothing but the LSTM in its RNN that a GPU does not run", async () => {
  const operators = await operatorsOf("rnn");

  const others = operators.filter(({ name }) => !ON_GPU.includes(name));
  expect(others.map(({ name }) => name)).toEqual(["LSTM"]);
  expect(others.every(isLstm)).toBe(true);
});

it("reads the number of a map's pixels off its shape in the pregnancy network, and no more that a GPU does not run", async () => {
  const operators = await operatorsOf("pregnancy");

  const others = operators.filter(({ name }) => !ON_GPU.includes(name));
  expect(others.map(({ name }) => name).sort()).toEqual(["Gather", "Gather", "Shape"]);
  expect(others.every(isShapeArithmetic)).toBe(true);
});

const INPUTS: Readonly<Record<string, () => Record<string, Tensor>>> = {
  cnn: () => ({ frames: pixels(1, 3, 224, 224) }),
  rnn: () => ({ features: new Tensor("float32", new Float32Array(30 * 512), [1, 30, 512]) }),
  segmenter: () => ({ still: pixels(1, 1, 224, 224) }),
  pregnancy: () => ({ image: pixels(1, 3, 224, 224), age_years: new Tensor("float32", Float32Array.of(34), [1]) }),
};

function pixels(...shape: number[]): Tensor {
  return new Tensor("uint8", new Uint8Array(shape.reduce((count, side) => count * side, 1)), shape);
}

/** What a network runs once what is known of it is folded, and before the CPU's own fusions. */
async function operatorsOf(network: string): Promise<RanOperator[]> {
  const folder = await folderOf({});
  const session = await InferenceSession.create(join(DEMO_BUNDLE, `${network}.onnx`), {
    graphOptimizationLevel: "basic",
    enableProfiling: true,
    profileFilePrefix: join(folder, network),
  });
  onTestFinished(() => session.release());
  await session.run(INPUTS[network]!());
  session.endProfiling();
  const [profile] = await readdir(folder);
  return operatorsOfProfile(await readFile(join(folder, profile!), "utf8"));
}
