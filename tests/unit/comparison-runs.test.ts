import { describe, expect, it } from "vitest";
import { comparisonRuns } from "../../cli/bundle/comparison-runs.ts";
import type { Recipe } from "../../cli/bundle/recipe.ts";

const RECIPE = { width: 0.25 } as Recipe;
const taskOf = (args: readonly string[]) => (args.includes("--task") ? args[args.indexOf("--task") + 1] : "both");

describe("the trainings that the paper's tables compare", () => {
  it("give each RNN the features of the CNN of its task, trained before it", () => {
    const runs = comparisonRuns(RECIPE);

    const rnns = runs.filter((run) => run.network === "rnn");
    expect(rnns.map(({ args }) => taskOf(args)).sort()).toEqual(["both", "icm", "te"]);
    for (const rnn of rnns) {
      const cnn = runs.findIndex(({ folder }) => folder === rnn.cnn);
      expect(cnn).toBeGreaterThanOrEqual(0);
      expect(cnn).toBeLessThan(runs.indexOf(rnn));
      expect(taskOf(runs[cnn]!.args)).toBe(taskOf(rnn.args));
    }
  });

  it("differ from the first in one option at most", () => {
    const [first, ...others] = comparisonRuns(RECIPE).filter(({ network }) => network === "cnn");

    for (const { folder, args } of others) {
      expect(args.slice(0, first!.args.length), folder).toEqual(first!.args);
      expect(args.slice(first!.args.length), folder).toHaveLength(2);
    }
  });

  it("lie in folders of their own", () => {
    const folders = comparisonRuns(RECIPE).map(({ folder }) => folder);

    expect(new Set(folders).size).toBe(folders.length);
  });
});
