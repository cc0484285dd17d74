import { describe, expect, it } from "vitest";
import { readEvaluateArguments } from "../../cli/evaluation/arguments.ts";

const NEEDED = ["--dataset", "set", "--out", "out"];

describe("the options of npm run evaluate", () => {
  it("takes the demo bundle, a thousand resamples and no split of its own", () => {
    expect(readEvaluateArguments(NEEDED)).toEqual({
      dataSetDir: "set",
      outDir: "out",
      bundleDir: "model-container/models/demo",
      networksDir: null,
      split: null,
      resamples: 1000,
      leaveOneClinicOut: false,
      byFrames: false,
      threads: null,
    });
  });

  it.each([
    [["--out", "out"], "--dataset is missing"],
    [["--dataset", "set"], "--out is missing"],
    [[...NEEDED, "--split", "half"], "--split is one of train, validation, test, all, not half."],
    [[...NEEDED, "--resamples", "0"], "--resamples wants a whole number from 1 on, not 0."],
    [[...NEEDED, "--resamples", "1e3"], "--resamples wants a whole number from 1 on, not 1e3."],
    [[...NEEDED, "--threads", ""], "--threads wants a whole number from 1 on"],
    [[...NEEDED, "--fast"], "--fast"],
    [["set"], "set"],
  ])("refuses %j", (argv, sentence) => {
    expect(() => readEvaluateArguments(argv)).toThrow(sentence);
  });
});
