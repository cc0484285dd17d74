import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GRADES, type Grade } from "../../core/contracts/grades.ts";
import {
  accuracy,
  confusionMatrix,
  majorityVote,
  mean,
  meanLogLoss,
  meanSquaredError,
} from "../../core/statistics/grade-statistics.ts";

/** Pairs written as truth and prediction: "AB" was A and is predicted as B. */
const pairs = (...written: string[]) =>
  written.map((pair) => ({ truth: pair[0] as Grade, predicted: pair[1] as Grade }));

const anyPairs = fc.array(fc.record({ truth: fc.constantFrom(...GRADES), predicted: fc.constantFrom(...GRADES) }), {
  minLength: 1,
});

describe("accuracy", () => {
  it("is the share of equal grades", () => {
    expect(accuracy(pairs("AA", "BB", "CC", "AB"))).toBe(0.75);
  });

  it("is the share of the confusion matrix that lies on its diagonal", () => {
    fc.assert(
      fc.property(anyPairs, (some) => {
        const matrix = confusionMatrix(some);

        expect(matrix.flat().reduce((sum, count) => sum + count)).toBe(some.length);
        expect(accuracy(some)).toBeCloseTo((matrix[0]![0]! + matrix[1]![1]! + matrix[2]![2]!) / some.length, 12);
      }),
    );
  });
});

describe("meanSquaredError", () => {
  it.each([
    ["AA", 0],
    ["AB", 1],
    ["BC", 1],
    ["CB", 1],
    ["AC", 4],
    ["CA", 4],
  ])("of %s is %d, with C = 0, B = 1 and A = 2", (pair, expected) => {
    expect(meanSquaredError(pairs(pair))).toBe(expected);
  });

  it("is the mean over the embryos", () => {
    expect(meanSquaredError(pairs("AA", "AB", "AC", "BB"))).toBe(1.25);
  });
});

describe("confusionMatrix", () => {
  it("has the truth in rows and the prediction in columns, in the order A, B, C", () => {
    expect(confusionMatrix(pairs("AA", "AB", "AB", "BC", "CC"))).toEqual([
      [1, 2, 0],
      [0, 0, 1],
      [0, 0, 1],
    ]);
  });
});

describe("majorityVote", () => {
  it.each<[string, Grade]>([
    ["ABB", "B"],
    ["CCCAB", "C"],
    ["A", "A"],
  ])("of %s is %s", (votes, expected) => {
    expect(majorityVote([...votes] as Grade[])).toBe(expected);
  });

  it.each<[string, Grade]>([
    ["CCBBA", "B"],
    ["CCAAB", "A"],
    ["BBAAC", "A"],
    ["CBA", "A"],
  ])("of a tied %s is the better grade, %s", (votes, expected) => {
    expect(majorityVote([...votes] as Grade[])).toBe(expected);
  });
});

describe("meanLogLoss", () => {
  const probabilities = { A: 0.5, B: 0.25, C: 0.25 };

  it("is the mean negative logarithm of what each vote was given", () => {
    expect(meanLogLoss([{ probabilities, votes: ["A", "B"] }])).toBeCloseTo((Math.log(2) + Math.log(4)) / 2, 12);
  });

  it("counts every embryo once, however many voted", () => {
    const cases = [
      { probabilities, votes: ["A", "A", "A"] as Grade[] },
      { probabilities, votes: ["B"] as Grade[] },
    ];

    expect(meanLogLoss(cases)).toBeCloseTo((Math.log(2) + Math.log(4)) / 2, 12);
  });

  it("takes an impossible vote for one in a thousand", () => {
    expect(meanLogLoss([{ probabilities: { A: 1, B: 0, C: 0 }, votes: ["C"] }])).toBeCloseTo(Math.log(1000), 12);
  });

  it("is lowest for the votes' own shares", () => {
    const votes: Grade[] = ["A", "A", "B", "C"];
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 100 }), (a, b, c) => {
        const other = { A: a / (a + b + c), B: b / (a + b + c), C: c / (a + b + c) };

        expect(meanLogLoss([{ probabilities: other, votes }])).toBeGreaterThanOrEqual(
          meanLogLoss([{ probabilities, votes }]) - 1e-12,
        );
      }),
    );
  });
});

describe("mean", () => {
  it("is NaN for no values, so that nothing that was not measured looks like a figure", () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(mean([])).toBeNaN();
    expect(accuracy([])).toBeNaN();
  });
});
