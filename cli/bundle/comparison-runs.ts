import type { Recipe } from "./recipe.ts";

const MOMENTS = ["105", "110", "115", "120", "tMEB"];
const LOSSES = ["categorical", "linear", "binary"];
const TASKS = ["icm", "te"];
/** The paper's 5 of 30 epochs; with fewer epochs the learning rate has to be ready to fall sooner. */
const FEW_EPOCHS_PATIENCE = "2";

/** One training of a network that Kragh's Tables 3, 4 or 7 compare. */
export type ComparisonRun = {
  /** Such as `cnn-110`. */
  readonly folder: string;
  /** Of `train_cnn.py` or `train_rnn.py`. */
  readonly args: readonly string[];
} & (
  | { readonly network: "cnn" }
  | {
      readonly network: "rnn";
      /** The folder of the CNN whose features it takes. */
      readonly cnn: string;
    }
);

/**
 * The networks that the paper compares. All CNNs see the same embryos for as many epochs, on the unshifted still alone, and all
 * RNNs the same whole clips, so that nothing differs but what is compared. Each RNN takes the features of the CNN of its task.
 */
export function comparisonRuns({ width }: Recipe): ComparisonRun[] {
  // Batches of 24 would leave these few embryos twenty steps an epoch.
  const common = [
    ...["--width", `${width}`, "--flips", "--bfloat16", "--patience", FEW_EPOCHS_PATIENCE],
    ...["--variants", "1", "--batch", "8"],
  ];
  const cnn = (folder: string, ...args: string[]): ComparisonRun => ({
    network: "cnn",
    folder: `cnn-${folder}`,
    args: [...common, ...args],
  });
  const rnn = (folder: string, ofCnn: string, task: string): ComparisonRun => ({
    network: "rnn",
    folder: `rnn-${folder}`,
    cnn: `cnn-${ofCnn}`,
    args: ["--task", task],
  });
  return [
    cnn("tA"),
    ...MOMENTS.map((moment) => cnn(moment, "--moment", moment)),
    ...LOSSES.map((loss) => cnn(loss, "--loss", loss)),
    ...TASKS.map((task) => cnn(task, "--task", task)),
    rnn("both", "tA", "both"),
    ...TASKS.map((task) => rnn(task, task, task)),
  ];
}
