import { InferenceSession, Tensor } from "onnxruntime-node";
import { BundleDamaged, ModelFailed, ModelUnavailable } from "../../core/errors.ts";

export type Device = "cpu" | "cuda";

export interface SessionOptions {
  /** Threads of one network call. One call runs at a time, so this is all the CPU that a session uses. */
  readonly threads: number;
  /** @default "cpu" */
  readonly device?: Device;
}

/** One input of a network, row by row. */
export type NetworkInput =
  | { readonly type: "uint8"; readonly values: Uint8Array; readonly shape: readonly number[] }
  | { readonly type: "float32"; readonly values: Float32Array; readonly shape: readonly number[] };

/** A loaded network. `run` blocks the thread that calls it for as long as the network computes. */
export interface NetworkSession {
  /**
   * @param outputs names of the outputs wanted; what only the others need is not computed
   * @returns each output's values, float32, row by row
   * @throws ModelFailed
   */
  run(
    inputs: Readonly<Record<string, NetworkInput>>,
    outputs: readonly string[],
  ): Promise<Record<string, Float32Array>>;
  /** Frees the network's memory; nothing may be run afterwards. */
  release(): Promise<void>;
}

/** Names that a network's file must have. */
export interface NetworkSignature {
  /** How errors call it, for instance `cnn.onnx`. */
  readonly name: string;
  /** All of them, in any order. */
  readonly inputs: readonly string[];
  /** Those that are needed; there may be more. */
  readonly outputs: readonly string[];
}

/**
 * Loads one ONNX network.
 *
 * The same options on the same machine give the same bits for the same input: one operator after the other, and a fixed
 * number of threads.
 *
 * @param network the file's bytes, or its path
 * @throws BundleDamaged when it is no network, or one with other inputs or outputs
 * @throws ModelUnavailable when `cuda` is asked for and is not there: a GPU that is paid for is never silently a CPU
 * @example
 * const signature = { name: "cropper.onnx", inputs: ["picture"], outputs: ["embryo"] };
 * const cropper = await openNetwork(bytes, signature, { threads: 2 });
 */
export async function openNetwork(
  network: Uint8Array | string,
  signature: NetworkSignature,
  options: SessionOptions,
): Promise<NetworkSession> {
  const session = await createSession(network, signature, options);
  const hasInputs = [...session.inputNames].sort().join() === [...signature.inputs].sort().join();
  if (!hasInputs || !signature.outputs.every((output) => session.outputNames.includes(output))) {
    await session.release();
    throw new BundleDamaged(
      `${signature.name} has inputs ${session.inputNames.join(", ")} and outputs ${session.outputNames.join(", ")}; ` +
        `expected the inputs ${signature.inputs.join(", ")} and the outputs ${signature.outputs.join(", ")}.`,
    );
  }
  return {
    async run(inputs, outputs) {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, asTensor(input)]));
      const answer = await session.run(feeds, [...outputs]).catch((cause) => {
        throw new ModelFailed(`${signature.name} could not be run on this input.`, { cause });
      });
      return Object.fromEntries(outputs.map((name) => [name, float32Values(answer[name], signature.name, name)]));
    },
    release: () => session.release(),
  };
}

/** Whether a network has all of these outputs. @param network the file's bytes @throws BundleDamaged when it is no network */
export async function hasOutputs(network: Uint8Array, outputs: readonly string[]): Promise<boolean> {
  const session = await createSession(network, { name: "the network", inputs: [], outputs }, { threads: 1 });
  const has = outputs.every((output) => session.outputNames.includes(output));
  await session.release();
  return has;
}

async function createSession(network: Uint8Array | string, signature: NetworkSignature, options: SessionOptions) {
  const { threads, device = "cpu" } = options;
  const sessionOptions: InferenceSession.SessionOptions = {
    // ONNX Runtime itself gives the CPU what a listed provider has no kernel for, such as a hard-sigmoid LSTM on CUDA.
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  };
  try {
    return typeof network === "string"
      ? await InferenceSession.create(network, sessionOptions)
      : await InferenceSession.create(network, sessionOptions);
  } catch (cause) {
    // ONNX Runtime has no error codes; on the CPU only the file can be at fault, and with CUDA the CPU tells them apart.
    if (device === "cuda" && (await loadsOnCpu(network))) {
      throw new ModelUnavailable(
        "CUDA was asked for and ONNX Runtime cannot use it here: install its CUDA provider, the driver and a GPU, or " +
          "choose the device cpu.",
        { cause },
      );
    }
    throw new BundleDamaged(`${signature.name} is no network that ONNX Runtime can load.`, { cause });
  }
}

async function loadsOnCpu(network: Uint8Array | string): Promise<boolean> {
  try {
    const session =
      typeof network === "string" ? await InferenceSession.create(network) : await InferenceSession.create(network);
    await session.release();
    return true;
  } catch {
    return false;
  }
}

function asTensor(input: NetworkInput): Tensor {
  return input.type === "uint8"
    ? new Tensor("uint8", input.values, input.shape)
    : new Tensor("float32", input.values, input.shape);
}

function float32Values(output: unknown, network: string, name: string): Float32Array {
  if (output instanceof Tensor && output.data instanceof Float32Array) return output.data;
  throw new BundleDamaged(`Output ${name} of ${network} is not float32.`);
}
