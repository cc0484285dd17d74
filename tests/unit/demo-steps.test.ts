import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { demoStages, type Step } from "../../cli/bundle/demo-steps.ts";
import type { Recipe } from "../../cli/bundle/recipe.ts";

const RECIPE: Recipe = {
  seed: 1,
  width: 0.25,
  features: 512,
  cropperPictures: 10,
  cropperEpochs: 1,
  cropperFineEpochs: 1,
  stillEmbryos: 11,
  cnnEpochs: 1,
  embryos: 12,
  rnnEpochs: 1,
  shorten: 0.3,
  comparisonEmbryos: 13,
  comparisonEpochs: 1,
  testEmbryos: 14,
  blastocysts: 15,
  segmenterEpochs: 1,
  segmenterFineEpochs: 1,
  transfers: 16,
  pregnancyWidth: 0.25,
  votesEpochs: 1,
  votesFineEpochs: 1,
  pregnancyEpochs: 1,
};
const FOLDERS = { run: "RUN", out: "BUNDLE" };
const stages = demoStages(RECIPE, FOLDERS, "python3", 2);
const steps = stages.flat(2);

const optionOf = ({ args }: Step, option: string) => {
  const at = args.indexOf(`--${option}`);
  return at < 0 ? null : args[at + 1]!;
};
/** Where a step writes; images are made beside the clips they are made of. */
const writtenTo = (step: Step) => (optionOf(step, "out") ?? optionOf(step, "data"))!;
const drawsEmbryos = ({ args }: Step) =>
  args[0] === "cli/prepare-dataset.ts" && args[1] !== "criterion" && args[1] !== "enhanced";
/** What a step reads: each path in the run's folder that is named by another option than `--out`. */
const inputsOf = (step: Step) =>
  step.args.filter((arg, n) => arg.startsWith(join(FOLDERS.run, "/")) && step.args[n - 1] !== "--out");
const makes = (step: Step, path: string) => {
  const out = writtenTo(step);
  return path === out || path.startsWith(`${out}/`);
};

describe("the way to the demo bundle", () => {
  it("has each step's inputs made in an earlier stage, or earlier in its own lane", () => {
    const earlier: Step[] = [];
    for (const stage of stages) {
      for (const lane of stage) {
        for (const [n, step] of lane.entries()) {
          const before = [...earlier, ...lane.slice(0, n)];
          for (const input of inputsOf(step)) {
            const isMade = before.some((other) => makes(other, input) || writtenTo(other).startsWith(`${input}/`));
            expect(isMade, `${input} of ${step.args.join(" ")}`).toBe(true);
          }
        }
      }
      earlier.push(...stage.flat());
    }
  });

  it("draws each set of embryos from a seed of its own, so that nothing that is measured was seen before", () => {
    const drawn = steps.filter(drawsEmbryos);

    const seeds = drawn.map((step) => optionOf(step, "seed"));
    expect(seeds).toHaveLength(8);
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it("measures on all embryos of its test, and on none of the other sets", () => {
    const testShares = steps
      .filter((step) => step.args[1] === "embryos")
      .map((step) => [optionOf(step, "out"), optionOf(step, "test-share")]);

    expect(Object.fromEntries(testShares)).toEqual({
      [join("RUN", "stills")]: "0",
      [join("RUN", "sequences")]: "0",
      [join("RUN", "compared-stills")]: "0",
      [join("RUN", "test")]: "1",
    });
  });

  it("writes into no folder from two lanes at once", () => {
    for (const stage of stages) {
      const folders = stage.map((lane) => new Set(lane.map(writtenTo)));

      const all = folders.flatMap((some) => [...some]);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it("keeps to the machine's cores", () => {
    for (const stage of demoStages(RECIPE, FOLDERS, "python3", 8)) {
      const threads = stage.map((lane) => Math.max(...lane.map((step) => Number(optionOf(step, "threads") ?? 1))));

      expect(threads.reduce((sum, some) => sum + some)).toBeLessThanOrEqual(8);
    }
  });
});
