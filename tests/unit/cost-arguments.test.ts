import { describe, expect, it } from "vitest";
import { readCostArguments } from "../../cli/cost/arguments.ts";

describe("readCostArguments", () => {
  it("takes what is deployed where nothing else is said", () => {
    const asked = readCostArguments(["--embryos-per-month", "1000"]);

    expect(asked).toEqual({
      format: "table",
      month: {
        embryos: 1000,
        wakePattern: "spread",
        archiveMebibytes: 167,
        instance: "ml.g4dn.xlarge",
        retentionDays: 30,
        privateNetwork: false,
      },
    });
  });

  it("takes every option", () => {
    const line = "--embryos-per-month=0 --wake-pattern batch --archive-mebibytes 46 --instance ml.g5.xlarge";

    const asked = readCostArguments([
      ...line.split(" "),
      "--retention-days",
      "7",
      "--private-network",
      "--format",
      "json",
    ]);

    expect(asked).toEqual({
      format: "json",
      month: {
        embryos: 0,
        wakePattern: "batch",
        archiveMebibytes: 46,
        instance: "ml.g5.xlarge",
        retentionDays: 7,
        privateNetwork: true,
      },
    });
  });

  it.each([
    ["", "--embryos-per-month: is missing: how many are graded in a month, or 0."],
    ["--embryos-per-month 1e3", "--embryos-per-month: has to be a whole number"],
    ["--embryos-per-month=-1", "--embryos-per-month: has to be a whole number"],
    ["--embryos-per-month 1 --wake-pattern often", "--wake-pattern: "],
    ["--embryos-per-month 1 --archive-mebibytes 0", "--archive-mebibytes: has to be a whole number from 1"],
    ["--embryos-per-month 1 --instance ml.m5.large", "--instance: "],
    ["--embryos-per-month 1 --retention-days 0", "--retention-days: has to be a whole number from 1"],
    ["--embryos-per-month 1 --format csv", "--format: "],
    ["--embryos 1", "--embryos"],
    ["1000", "1000"],
  ])("refuses %j", (line, sentence) => {
    const read = () => readCostArguments(line.split(" ").filter((word) => word !== ""));

    expect(read).toThrow(sentence);
  });

  it("names every option that is wrong", () => {
    const read = () => readCostArguments(["--embryos-per-month", "many", "--format", "csv"]);

    expect(read).toThrow(/^--embryos-per-month: .*\n--format: /);
  });
});
