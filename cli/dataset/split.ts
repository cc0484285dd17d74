import { RandomStream } from "../../phantom/random.ts";

export type Split = "train" | "validation" | "test";
export const SPLITS: readonly Split[] = ["train", "validation", "test"];

/**
 * Splits by cycle, never within one: the embryos of one woman look alike and share her age. Seven of ten cycles train,
 * three of twenty validate, three of twenty test.
 */
export function splitOfCycle(seed: number, cycleId: string): Split {
  const number = Number(cycleId.split("-").at(-1));
  const draw = new RandomStream(seed, number, "split").next();
  return draw < 0.7 ? "train" : draw < 0.85 ? "validation" : "test";
}
