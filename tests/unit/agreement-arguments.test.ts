import { describe, expect, it } from "vitest";
import { readArguments } from "../../cli/agreement/arguments.ts";

describe("readArguments", () => {
  it.each([
    ["--annotations a.csv b.csv --predictions p.csv"],
    ["--predictions p.csv --annotations a.csv b.csv"],
    ["--annotations a.csv --predictions=p.csv --annotations b.csv"],
    ["--annotations=a.csv b.csv --predictions p.csv"],
  ])("takes a flag's files up to the next flag: %s", (line) => {
    const files = readArguments(line.split(" "));

    expect(files).toEqual({ annotations: ["a.csv", "b.csv"], predictions: "p.csv" });
  });

  it.each([
    ["--predictions p.csv", "--annotations is missing."],
    ["--annotations a.csv", "--predictions is missing."],
    ["a.csv --predictions p.csv", "a.csv comes before a flag"],
    ["--annotations a.csv --predictions p.csv q.csv", "q.csv is one too many"],
    ["--annotations a.csv ./a.csv --predictions p.csv", "./a.csv is named twice"],
    ["--labels a.csv", "--labels"],
    ["--annotations", "--annotations"],
  ])("refuses %s", (line, sentence) => {
    const read = () => readArguments(line.split(" "));

    expect(read).toThrow(sentence);
  });
});
