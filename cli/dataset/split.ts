import { RandomStream } from "../../phantom/random.ts";

export const SPLITS = ["train", "validation", "test"] as const;
export type Split = (typeof SPLITS)[number];

/** Shares of the cycles, each in 0..1, together at most 1; what is left trains. */
export interface SplitShares {
  readonly validation: number;
  readonly test: number;
}

/** Seven of ten cycles train, three of twenty validate, three of twenty test. */
export const USUAL_SHARES: SplitShares = { validation: 0.15, test: 0.15 };

/**
 * Splits by cycle, never within one: the embryos of one woman look alike and share her age. A hash of the cycle's name
 * decides, so that a cycle stays where it is when others come and go.
 */
export function splitOfCycle(cycleId: string, { validation, test }: SplitShares = USUAL_SHARES): Split {
  const draw = new RandomStream("split", cycleId).next();
  if (draw < test) return "test";
  return draw < test + validation ? "validation" : "train";
}
