import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GRADES, type Grade } from "../../core/contracts/grades.ts";
import { countsForAgreement, humanAgreement, networkAgreement } from "../../core/statistics/annotator-agreement.ts";

/** The votes on one image, written as letters. */
const votes = (letters: string) => [...letters] as Grade[];

const anyGrade = fc.constantFrom(...GRADES);
const anyVotes = fc.array(fc.array(anyGrade, { maxLength: 7 }), { minLength: 1, maxLength: 12 });

describe("humanAgreement", () => {
  it.each([
    ["AAA", 1],
    ["AAB", 2 / 3],
    ["AABC", 1 / 2],
    ["BBC", 2 / 3],
    ["AB", 0],
    ["AABB", 0],
    ["ABC", 0],
    ["BCC", 0],
  ])("of %s is %d, as a tied vote goes to the better grade", (letters, expected) => {
    expect(humanAgreement([votes(letters)])).toBeCloseTo(expected, 12);
  });

  it("gives every image the same weight, however many annotators graded it", () => {
    expect(humanAgreement([votes("AAAAAAAA"), votes("AB")])).toBe(0.5);
  });

  it("does not count an image that fewer than two annotators graded", () => {
    expect(humanAgreement([votes("AAB"), votes("C"), votes("")])).toBeCloseTo(2 / 3, 12);
    expect(humanAgreement([votes("C")])).toBeNaN();
    expect(countsForAgreement(votes("C"))).toBe(false);
  });

  it("does not ask who gave which vote", () => {
    fc.assert(
      fc.property(anyVotes, (images) => {
        fc.pre(images.some(countsForAgreement));

        const forwards = humanAgreement(images);
        const backwards = humanAgreement(images.map((image) => image.toReversed()));

        expect(backwards).toBeCloseTo(forwards, 12);
        expect(forwards).toBeGreaterThanOrEqual(0);
        expect(forwards).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("networkAgreement", () => {
  it.each([
    ["AAB", "A", 1],
    ["AAB", "B", 0],
    ["BCC", "C", 1 / 3],
    ["BCC", "B", 2 / 3],
    ["BC", "B", 1 / 2],
    ["CCC", "C", 1],
  ] as const)("of %s against %s is %d, with each annotator left out in turn", (letters, predicted, expected) => {
    expect(networkAgreement([votes(letters)], [predicted])).toBeCloseTo(expected, 12);
  });

  it("does not count images that the network or all but one annotator gave no grade", () => {
    const agreement = networkAgreement([votes("AAA"), votes("BBB"), votes("C"), votes("")], ["A", undefined, "A", "C"]);

    expect(agreement).toBe(1);
    expect(networkAgreement([votes("AAA")], [undefined])).toBeNaN();
  });

  it("shares one image out among the three grades", () => {
    fc.assert(
      fc.property(fc.array(anyGrade, { minLength: 2, maxLength: 9 }), (image) => {
        const shares = GRADES.map((grade) => networkAgreement([image], [grade]));

        expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
      }),
    );
  });

  it("refuses predictions that do not belong to the images one by one", () => {
    expect(() => networkAgreement([votes("AA")], [])).toThrow(RangeError);
  });
});
