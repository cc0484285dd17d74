import type { Recipe } from "./recipe.ts";

const MOMENTS = ["105", "110", "115", "120", "tMEB"];
const LOSSES = ["categorical", "linear", "binary"];

/** One training of a CNN that Kragh's Tables 3, 4 or 7 compare. */
export interface ComparisonRun {
  /** Such as `cnn-110`. */
  readonly folder: string;
  /** Of `train_cnn.py`. */
  readonly args: readonly string[];
}

/**
 * The CNNs that the paper compares, all on the same embryos, for as many epochs, on the unshifted still alone, so that nothing
 * differs but what is compared.
 */
export function comparisonRuns({ width }: Recipe): ComparisonRun[] {
  // Batches of 24 would leave these few embryos ten steps an epoch.
  const common = ["--width", String(width), "--flips", "--variants", "1", "--batch", "8"];
  const run = (folder: string, ...args: string[]) => ({ folder: `cnn-${folder}`, args: [...common, ...args] });
  return [
    run("tA"),
    ...MOMENTS.map((moment) => run(moment, "--moment", moment)),
    ...LOSSES.map((loss) => run(loss, "--loss", loss)),
    run("icm", "--task", "icm"),
    run("te", "--task", "te"),
  ];
}
