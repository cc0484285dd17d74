import { z } from "zod";
import { wholeNumber } from "../../core/contracts/whole-number.ts";
import { NETWORKS } from "./training-files.ts";

const hours = z
  .string()
  .regex(/^[0-9]+(\.[0-9]+)?$/, "has to be a number of hours")
  .transform(Number)
  .refine((number) => number > 0 && number <= 28 * 24, "has to be more than 0 and at most 672 hours");
const tag = z
  .string()
  .regex(/^[^=]+=.*$/, "has to be KEY=VALUE")
  .transform((text) => ({ key: text.slice(0, text.indexOf("=")), value: text.slice(text.indexOf("=") + 1) }));

const everywhere = {
  network: z.enum(NETWORKS, `has to be one of ${NETWORKS.join(", ")}`),
  data: z.string().min(1, "is missing"),
  out: z.string().min(1, "is missing"),
  /** The network's own options, handed to its script as they are. */
  arguments: z.array(z.string()),
};

const LocalTraining = z.strictObject({
  ...everywhere,
  on: z.literal("local"),
  processes: wholeNumber(1, 64).prefault("1"),
});

const SagemakerTraining = z.strictObject({
  ...everywhere,
  on: z.literal("sagemaker"),
  role: z.string("is missing: the role's ARN that the job runs as"),
  bucket: z.string("is missing").regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "has to be a bucket's name"),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, "has to be a region, such as eu-west-1")
    .optional(),
  image: z.string().optional(),
  instance: z.string().prefault("ml.g5.12xlarge"),
  instances: wholeNumber(1, 100).prefault("1"),
  spot: z.boolean().default(true),
  "max-hours": hours.prefault("24"),
  "max-wait-hours": hours.optional(),
  "input-mode": z.enum(["FastFile", "File"], "has to be FastFile or File").default("FastFile"),
  "kms-key": z.string().optional(),
  "volume-gb": wholeNumber(1, 16_384).optional(),
  retries: wholeNumber(1, 30).prefault("3"),
  attempt: wholeNumber(1, 999).prefault("1"),
  cnn: z.string().optional(),
  from: z.string().optional(),
  tag: z.array(tag).default([]),
  wait: z.boolean().default(false),
  "dry-run": z.boolean().default(false),
});

const TrainOptions = z.discriminatedUnion("on", [LocalTraining, SagemakerTraining], "has to be local or sagemaker");
export type SagemakerTraining = z.infer<typeof SagemakerTraining>;
export type LocalTraining = z.infer<typeof LocalTraining>;

const SWITCHES = ["spot", "wait", "dry-run"];
const VALUES = {
  local: ["on", "data", "out", "processes"],
  sagemaker: [
    ...["on", "data", "out", "role", "bucket", "region", "image", "instance", "instances", "max-hours"],
    ...["max-wait-hours", "input-mode", "kms-key", "volume-gb", "retries", "attempt", "cnn", "from", "tag"],
  ],
};

/**
 * The command line of `npm run train`: our own options in any place, the network, and after it whatever its script takes.
 *
 * @throws with a sentence for each option that cannot be taken
 */
export function parseTrainOptions(argv: readonly string[]): LocalTraining | SagemakerTraining {
  const on = firstValue(argv, "on") ?? "local";
  const values = on === "sagemaker" ? VALUES.sagemaker : VALUES.local;
  const switches = on === "sagemaker" ? SWITCHES : [];
  const given: Record<string, unknown> = { on, data: "", out: "" };
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    const [, no, name = "", inline] = /^--(no-)?([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (switches.includes(name) && inline === undefined) given[name] = no === undefined;
    else if (values.includes(name) && no === undefined) {
      const value = inline ?? argv[++at];
      if (value === undefined) throw new Error(`--${name} has no value.`);
      given[name] = name === "tag" ? [...((given.tag as string[] | undefined) ?? []), value] : value;
    } else rest.push(word);
  }
  const [network, ...scriptArguments] = rest;
  const parsed = TrainOptions.safeParse({ ...given, network, arguments: scriptArguments });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => {
    const [name] = path;
    return `${name === "network" ? "the network" : `--${String(name)}`} ${message}`;
  });
  throw new Error(`${faults.join("; ")}.`);
}

/** The value that a network's script takes of its own option: the last one, or `otherwise` where it was not given. */
export function scriptValue(scriptArguments: readonly string[], name: string, otherwise: string): string {
  const at = scriptArguments.findLastIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return at === -1 ? otherwise : (scriptArguments[at]?.split("=")[1] ?? scriptArguments[at + 1] ?? "");
}

function firstValue(argv: readonly string[], name: string): string | undefined {
  const at = argv.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return at === -1 ? undefined : (argv[at]!.split("=")[1] ?? argv[at + 1]);
}
