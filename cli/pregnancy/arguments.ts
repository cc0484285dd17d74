import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { wholeNumber } from "../../core/contracts/whole-number.ts";

export interface ReportArguments {
  /** A prepared data set with clips and outcomes. */
  readonly clipsDir: string;
  readonly outDir: string;
  readonly bundleDir: string;
  /** A folder with `pregnancy-networks.json`; null for the bundle's own network alone. */
  readonly networksDir: string | null;
  /** A file in place of the bundle's segmenter, for networks that are in no bundle yet. */
  readonly segmenterFile: string | null;
  readonly resamples: number;
  readonly seed: number;
  readonly threads: number;
}

/**
 * The options of `npm run pregnancy-report`.
 *
 * @param argv what comes behind the command's name
 * @throws Error with a sentence on what is missing or wrong
 */
export function readReportArguments(argv: readonly string[]): ReportArguments {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      clips: text,
      out: text,
      bundle: { ...text, default: "model-container/models/demo" },
      networks: text,
      segmenter: text,
      resamples: { ...text, default: "1000" },
      seed: { ...text, default: "1" },
      threads: { ...text, default: String(Math.min(availableParallelism(), 8)) },
    },
  });
  if (values.clips === undefined) throw new Error("--clips is missing: a prepared data set with clips and outcomes.");
  if (values.out === undefined) throw new Error("--out is missing: the folder for the report.");
  const whole = (name: "resamples" | "seed" | "threads", from: number, to: number) => {
    const parsed = wholeNumber(from, to).safeParse(values[name]);
    if (!parsed.success) throw new Error(`--${name} ${parsed.error.issues[0]!.message}, not ${values[name]}.`);
    return parsed.data;
  };
  return {
    clipsDir: values.clips,
    outDir: values.out,
    bundleDir: values.bundle,
    networksDir: values.networks ?? null,
    segmenterFile: values.segmenter ?? null,
    resamples: whole("resamples", 1, 1_000_000),
    seed: whole("seed", 0, 999_999_999),
    threads: whole("threads", 1, 64),
  };
}
