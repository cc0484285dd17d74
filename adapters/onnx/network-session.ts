import { InferenceSession, Tensor } from "onnxruntime-node";
import { BundleDamaged, ModelFailed, ModelUnavailable } from "../../core/errors.ts";
import { type AllowedOnCpu, openPlacementCheck } from "./node-placement.ts";

export type Device = "cpu" | "cuda";

/** Without it ONNX Runtime gives the CPU, and says nothing, what a listed provider has no kernel for. */
const NO_CPU_FALLBACK = { session: { disable_cpu_ep_fallback: "1" } };

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
   * @throws ModelFailed; on the first run ModelUnavailable, where the CPU ran what was promised to the GPU
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
  /** What the CPU may run where the device is `cuda`. @default nothing */
  readonly allowedOnCpu?: AllowedOnCpu;
}

/**
 * Loads one ONNX network.
 *
 * The same options on the same machine give the same bits for the same input: one operator after the other, and a fixed
 * number of threads.
 *
 * @param network the file's bytes, or its path
 * @throws BundleDamaged when it is no network, or one with other inputs or outputs
 * @throws ModelUnavailable when `cuda` is asked for and is not there, or cannot run all of the network: a GPU that is paid
 * for is never silently a CPU
 * @example
 * const signature = { name: "cropper.onnx", inputs: ["picture"], outputs: ["embryo"] };
 * const cropper = await openNetwork(bytes, signature, { threads: 2 });
 */
export async function openNetwork(
  network: Uint8Array | string,
  signature: NetworkSignature,
  options: SessionOptions,
): Promise<NetworkSession> {
  const { name, allowedOnCpu } = signature;
  const placement = options.device === "cuda" && allowedOnCpu ? await openPlacementCheck(name, allowedOnCpu) : null;
  const sessionOptions = onnxSessionOptions(options, placement?.profileFilePrefix);
  const session = await createSession(network, name, sessionOptions).catch(async (error) => {
    await placement?.close();
    throw error;
  });
  let isPlaced = placement === null;
  const release = async () => {
    await session.release();
    await placement?.close();
  };
  const hasInputs = [...session.inputNames].sort().join() === [...signature.inputs].sort().join();
  if (!hasInputs || !signature.outputs.every((output) => session.outputNames.includes(output))) {
    await release();
    throw new BundleDamaged(
      `${name} has inputs ${session.inputNames.join(", ")} and outputs ${session.outputNames.join(", ")}; ` +
        `expected the inputs ${signature.inputs.join(", ")} and the outputs ${signature.outputs.join(", ")}.`,
    );
  }
  return {
    async run(inputs, outputs) {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, asTensor(input)]));
      const answer = await session.run(feeds, [...outputs]).catch((cause) => {
        throw new ModelFailed(`${name} could not be run on this input.`, { cause });
      });
      if (!isPlaced) await placement?.verify(session);
      isPlaced = true;
      return Object.fromEntries(outputs.map((output) => [output, float32Values(answer[output], name, output)]));
    },
    release,
  };
}

/** Whether a network has all of these outputs. @param network the file's bytes @throws BundleDamaged when it is no network */
export async function hasOutputs(network: Uint8Array, outputs: readonly string[]): Promise<boolean> {
  const session = await createSession(network, "the network", onnxSessionOptions({ threads: 1 }));
  const has = outputs.every((output) => session.outputNames.includes(output));
  await session.release();
  return has;
}

/**
 * What ONNX Runtime is asked for. On CUDA it may give the CPU nothing, unless the profile of the first run is to be looked at:
 * then what the CPU ran is judged operator by operator.
 *
 * @param profileFilePrefix where the profile goes; none is written without it
 */
export function onnxSessionOptions(
  { threads, device = "cpu" }: SessionOptions,
  profileFilePrefix?: string,
): InferenceSession.SessionOptions {
  const profiled = profileFilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix };
  const gpuOnly = device === "cuda" && profileFilePrefix === undefined ? { extra: NO_CPU_FALLBACK } : {};
  return {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    ...profiled,
    ...gpuOnly,
  };
}

async function createSession(
  network: Uint8Array | string,
  name: string,
  sessionOptions: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return typeof network === "string"
      ? await InferenceSession.create(network, sessionOptions)
      : await InferenceSession.create(network, sessionOptions);
  } catch (cause) {
    // ONNX Runtime has no error codes; on the CPU only the file can be at fault, and with CUDA the CPU tells them apart.
    if (sessionOptions.executionProviders?.includes("cuda") && (await loadsOnCpu(network))) {
      throw new ModelUnavailable(
        `CUDA was asked for and ONNX Runtime cannot use it here for all of ${name}: install its CUDA provider, the driver and ` +
          `a GPU, or choose the device cpu. ONNX Runtime says: ${(cause as Error).message}`,
        { cause },
      );
    }
    throw new BundleDamaged(`${name} is no network that ONNX Runtime can load.`, { cause });
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
