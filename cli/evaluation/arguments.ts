import { parseArgs } from "node:util";
import { EVALUATED_SPLITS, type EvaluatedSplit } from "./prepared-data-set.ts";

export interface EvaluateArguments {
  readonly dataSetDir: string;
  readonly outDir: string;
  readonly bundleDir: string;
  readonly networksDir: string | null;
  /** Null where none was named: the test split of what is prepared, everything of what is not. */
  readonly split: EvaluatedSplit | null;
  readonly resamples: number;
  readonly leaveOneClinicOut: boolean;
  readonly byFrames: boolean;
  /** Null for as many as there are cores. */
  readonly threads: number | null;
}

/**
 * The options of `npm run evaluate`.
 *
 * @param argv what comes behind the command's name
 * @throws Error with a sentence on what is missing or wrong
 */
export function readEvaluateArguments(argv: readonly string[]): EvaluateArguments {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      dataset: text,
      out: text,
      bundle: { ...text, default: "model-container/models/demo" },
      networks: text,
      split: text,
      resamples: { ...text, default: "1000" },
      "leave-one-clinic-out": flag,
      "by-frames": flag,
      threads: text,
    },
  });
  if (values.dataset === undefined) throw new Error("--dataset is missing: a folder with embryos.");
  if (values.out === undefined) throw new Error("--out is missing: the folder for the report.");
  const split = EVALUATED_SPLITS.find((known) => known === values.split);
  if (values.split !== undefined && split === undefined) {
    throw new Error(`--split is one of ${EVALUATED_SPLITS.join(", ")}, not ${values.split}.`);
  }
  return {
    dataSetDir: values.dataset,
    outDir: values.out,
    bundleDir: values.bundle,
    networksDir: values.networks ?? null,
    split: split ?? null,
    resamples: wholeNumber("resamples", values.resamples),
    leaveOneClinicOut: values["leave-one-clinic-out"],
    byFrames: values["by-frames"],
    threads: values.threads === undefined ? null : wholeNumber("threads", values.threads),
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} wants a whole number from 1 on, not ${text}.`);
}
