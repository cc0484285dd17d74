import type { ByStructure } from "./measured.ts";

/** What a network was trained to do, as far as it decides which row of the paper's tables is its own. */
export interface ModelKind {
  readonly kind: "cnn" | "rnn";
  /** The still that a CNN sees: `tA`, `tMEB`, or hours post insemination such as `110`. Null for an RNN. */
  readonly moment: string | null;
  readonly task: "both" | "icm" | "te";
  readonly loss: "ordinal" | "categorical" | "linear" | "binary";
}

export interface PaperFigures {
  /** 0 to 1; null where the paper has a dash. */
  readonly accuracy: ByStructure<number | null>;
  readonly mse: ByStructure<number | null>;
}

const row = (icm: number | null, te: number | null, icmMse: number | null, teMse: number | null): PaperFigures => ({
  accuracy: { icm, te },
  mse: { icm: icmMse, te: teMse },
});

/** Kragh et al. 2019, Tables 3, 4 and 7: test set of dataset 1, 851 embryos. Keys as {@link rowOf} makes them. */
const ROWS: Readonly<Record<string, PaperFigures>> = {
  "cnn 105 both ordinal": row(0.576, 0.603, 0.491, 0.454),
  "cnn 110 both ordinal": row(0.572, 0.622, 0.555, 0.459),
  "cnn 115 both ordinal": row(0.586, 0.611, 0.533, 0.474),
  "cnn 120 both ordinal": row(0.58, 0.645, 0.525, 0.411),
  "cnn tMEB both ordinal": row(0.577, 0.656, 0.476, 0.387),
  "cnn tA both ordinal": row(0.639, 0.652, 0.417, 0.383),
  "rnn both ordinal": row(0.652, 0.696, 0.415, 0.361),
  "cnn tA icm ordinal": row(0.622, null, 0.431, null),
  "cnn tA te ordinal": row(null, 0.624, null, 0.422),
  "rnn icm ordinal": row(0.645, null, 0.411, null),
  "rnn te ordinal": row(null, 0.68, null, 0.358),
  "cnn tA both linear": row(0.526, 0.519, 0.664, 0.727),
  "cnn tA both categorical": row(0.61, 0.644, 0.503, 0.444),
  "cnn tA both binary": row(0.589, 0.617, 0.475, 0.464),
};

function rowOf({ kind, moment, task, loss }: ModelKind): string {
  return kind === "cnn" ? `cnn ${moment} ${task} ${loss}` : `rnn ${task} ${loss}`;
}

/** The paper's own figures of a network trained in the same way, or null where it has none. */
export function paperFigures(model: ModelKind): PaperFigures | null {
  return ROWS[rowOf(model)] ?? null;
}

/** Kragh et al. 2019, section 4.1: A/C disagreements of the RNN with single annotations (Table 5). */
export const PAPER_AC_DISAGREEMENT: ByStructure<number> = { icm: 0.022, te: 0.019 };
/** Kragh et al. 2019, section 4.1.1: the RNN against majority votes (Table 6), 55 embryos of dataset 2. */
export const PAPER_MAJORITY_ACCURACY: ByStructure<number> = { icm: 0.655, te: 0.727 };
/** Kragh et al. 2019, section 4.1.1, Eq. 4. */
export const PAPER_HUMAN_AGREEMENT: ByStructure<number> = { icm: 0.651, te: 0.738 };
/** Kragh et al. 2019, section 4.1.1, Eq. 5. */
export const PAPER_NETWORK_AGREEMENT: ByStructure<number> = { icm: 0.719, te: 0.764 };
/** Kragh et al. 2019, section 4.3 and Figure 5: areas under the ROC curves over TQB, GQB and PQB, and DeLong's p. */
export const PAPER_OUTCOME = { embryologists: 0.64, network: 0.66, p: 0.536, embryos: 287 } as const;
/** Kragh et al. 2019, Table 8, seconds a blastocyst on an Intel Xeon E5-2620 v4. */
export const PAPER_CPU_SECONDS = { cnn: 5.938, rnn: 0.026, total: 5.964 } as const;
