import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ModelUnavailable } from "../../core/errors.ts";

/** An operator of a network, as ONNX Runtime ran it. */
export interface RanOperator {
  /** Such as `Conv`. */
  readonly name: string;
  /** Such as `CUDAExecutionProvider`. */
  readonly provider: string;
  /** Values in its largest output. */
  readonly largestOutput: number;
}

/** Which of a network's operators ONNX Runtime may give the CPU where a GPU was promised. */
export type AllowedOnCpu = (operator: RanOperator) => boolean;

/** Looks, once, where ONNX Runtime ran each operator of a network. */
export interface PlacementCheck {
  /** For the session's options. */
  readonly profileFilePrefix: string;
  /**
   * To be called after the session's first run.
   *
   * @throws ModelUnavailable where an operator ran on the CPU that may not
   */
  verify(session: { endProfiling(): void }): Promise<void>;
  /** Removes what the check keeps on disk. */
  close(): Promise<void>;
}

const CPU = "CPUExecutionProvider";
const OF_SHAPES = ["Shape", "Gather", "Mul", "Cast"];

/** ONNX Runtime's CUDA provider has no LSTM of hard-sigmoid gates. See Kragh et al. 2019, section 2.3. */
export const isLstm: AllowedOnCpu = ({ name }) => name === "LSTM";

/**
 * Grad-CAM divides by the number of a map's pixels, which an exported network reads off the map's shape, [N, C, 7, 7]. ONNX
 * Runtime gives the CPU such arithmetic by design, whatever the provider.
 *
 * @see https://github.com/microsoft/onnxruntime/pull/4940
 */
export const isShapeArithmetic: AllowedOnCpu = ({ name, largestOutput }) =>
  OF_SHAPES.includes(name) && largestOutput <= 4;

const shapes = z.array(z.record(z.string(), z.array(z.int())));
const RanEvent = z.object({
  cat: z.literal("Node"),
  args: z.object({ op_name: z.string(), provider: z.string(), output_type_shape: shapes }),
});

/**
 * The operators of a profile that ONNX Runtime wrote, in the order that they ran in.
 *
 * @throws ZodError; SyntaxError for what is no profile
 */
export function operatorsOfProfile(profile: string): RanOperator[] {
  const events = z.array(z.unknown()).parse(JSON.parse(profile));
  return events.flatMap((event) => {
    const ran = RanEvent.safeParse(event);
    if (!ran.success) return [];
    const { op_name: name, provider, output_type_shape } = ran.data.args;
    const sizes = output_type_shape.flatMap((output) => Object.values(output)).map(valuesIn);
    return [{ name, provider, largestOutput: Math.max(0, ...sizes) }];
  });
}

function valuesIn(shape: readonly number[]): number {
  return shape.reduce((size, side) => size * side, 1);
}

/**
 * ONNX Runtime says in the profile of a run, and nowhere else that its API for Node reaches, which operators it gave the CPU.
 *
 * @param network how errors call it
 */
export async function openPlacementCheck(network: string, allowed: AllowedOnCpu): Promise<PlacementCheck> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-placement-"));
  const close = () => rm(folder, { recursive: true, force: true });
  return {
    profileFilePrefix: join(folder, "profile"),
    async verify(session) {
      session.endProfiling();
      const [file] = await readdir(folder);
      if (file === undefined) throw new ModelUnavailable(`ONNX Runtime does not say where it ran ${network}.`);
      const operators = operatorsOfProfile(await readFile(join(folder, file), "utf8"));
      await close();
      refuseCpu(network, operators, allowed);
    },
    close,
  };
}

function refuseCpu(network: string, operators: readonly RanOperator[], allowed: AllowedOnCpu): void {
  if (operators.length === 0) throw new ModelUnavailable(`ONNX Runtime does not say where it ran ${network}.`);
  const refused = operators.filter((operator) => operator.provider === CPU && !allowed(operator));
  if (refused.length === 0) return;
  const names = [...new Set(refused.map(({ name }) => name))].join(", ");
  throw new ModelUnavailable(
    `CUDA was asked for and ONNX Runtime ran ${names} of ${network} on the CPU: export the network without them, or choose ` +
      "the device cpu.",
  );
}
