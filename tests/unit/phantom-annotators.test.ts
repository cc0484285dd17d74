import { describe, expect, it } from "vitest";
import { GRADES, type Grade } from "../../core/contracts/grades.ts";
import { humanAgreement } from "../../core/statistics/annotator-agreement.ts";
import { annotatorAt, CLINICS, ICM_SCALE, TE_SCALE, votesFor } from "../../phantom/annotators.ts";
import { phantomEmbryo } from "../../phantom/index.ts";
import { RandomStream } from "../../phantom/random.ts";

const embryos = Array.from({ length: 1500 }, (_, index) => phantomEmbryo({ seed: 5, index, kind: "blastocyst" }));
const votesOn = { icm: embryos.map((embryo) => embryo.icmVotes), te: embryos.map((embryo) => embryo.teVotes) };

function shares(votes: readonly Grade[]): number[] {
  return GRADES.map((grade) => votes.filter((vote) => vote === grade).length / votes.length);
}

/** Share of all pairs of annotators of one embryo of whom one says A and the other C. */
function farDisagreement(votes: readonly (readonly Grade[])[]): number {
  const pairs = votes.map((all) => {
    const count = (grade: Grade) => all.filter((vote) => vote === grade).length;
    return (2 * count("A") * count("C")) / (all.length * (all.length - 1));
  });
  return pairs.reduce((sum, share) => sum + share, 0) / votes.length;
}

describe("votesFor", () => {
  it.each([
    ["icm", 0.65],
    ["te", 0.74],
  ] as const)(
    "lets an annotator agree with the other ten on %s as often as in the paper, within 5 points",
    (structure, paper) => {
      const agreement = humanAgreement(votesOn[structure]);

      expect(Math.abs(agreement - paper)).toBeLessThan(0.05);
    },
  );

  it.each([
    ["icm", [0.47, 0.4, 0.13]],
    ["te", [0.43, 0.4, 0.17]],
  ] as const)("votes A, B and C on %s about as often as in the paper", (structure, paper) => {
    const voted = shares(votesOn[structure].flat());

    for (const [grade, share] of paper.entries()) expect(Math.abs(voted[grade]! - share)).toBeLessThan(0.04);
  });

  it.each(["icm", "te"] as const)(
    "says both A and C of one embryo's %s in at most 4 pairs of votes in 100",
    (structure) => {
      const share = farDisagreement(votesOn[structure]);

      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThan(0.04);
    },
  );

  it("has a better embryo graded at least as well by everyone, other things equal", () => {
    const worse = votesFor(0.4, ICM_SCALE, new RandomStream("same"));
    const better = votesFor(0.6, ICM_SCALE, new RandomStream("same"));

    expect(better).toHaveLength(11);
    for (const [place, grade] of better.entries()) {
      expect(GRADES.indexOf(grade)).toBeLessThanOrEqual(GRADES.indexOf(worse[place]!));
    }
  });

  it("has strict annotators and lenient ones, and other ones for the other structure", () => {
    const shareOfA = (votes: readonly (readonly Grade[])[]) =>
      Array.from({ length: 11 }, (_, place) => votes.filter((all) => all[place] === "A").length / votes.length);

    const icm = shareOfA(votesOn.icm);
    const te = shareOfA(votesOn.te);

    expect(Math.max(...icm) - Math.min(...icm)).toBeGreaterThan(0.1);
    expect(Math.max(...te) - Math.min(...te)).toBeGreaterThan(0.05);
    expect(icm.indexOf(Math.min(...icm))).not.toBe(te.indexOf(Math.max(...te)));
  });

  it("has steady annotators and unsteady ones", () => {
    // A quality far from every threshold: only noise makes anybody leave grade B.
    const rounds = Array.from({ length: 3000 }, (_, n) => votesFor(0.36, TE_SCALE, new RandomStream("steady", n)));

    const leftB = Array.from({ length: 11 }, (_, place) => rounds.filter((all) => all[place] !== "B").length / 3000);

    expect(Math.max(...leftB)).toBeGreaterThan(2 * Math.min(...leftB) + 0.05);
  });
});

describe("annotatorAt", () => {
  it("gives every annotator to exactly one clinic, and every clinic some", () => {
    const draws = CLINICS.map((clinic) =>
      Array.from({ length: 100 }, (_, n) => annotatorAt(clinic, new RandomStream(clinic, n))),
    );

    const staff = draws.map((places) => [...new Set(places)]);

    expect(staff.map((places) => places.length)).toEqual([3, 3, 3, 2]);
    expect(staff.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("labels A, B and C about as often as in the paper, with one word an embryo", () => {
    const labels = embryos.map((embryo, n) => {
      const place = annotatorAt(CLINICS[n % CLINICS.length]!, new RandomStream("label", n));
      return { icm: embryo.icmVotes[place]!, te: embryo.teVotes[place]! };
    });

    const icm = shares(labels.map((label) => label.icm));
    const te = shares(labels.map((label) => label.te));

    for (const [grade, share] of [0.47, 0.4, 0.13].entries()) expect(Math.abs(icm[grade]! - share)).toBeLessThan(0.05);
    for (const [grade, share] of [0.43, 0.4, 0.17].entries()) expect(Math.abs(te[grade]! - share)).toBeLessThan(0.05);
  });
});
