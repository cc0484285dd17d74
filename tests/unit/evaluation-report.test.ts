import { describe, expect, it } from "vitest";
import { mainFigures } from "../../cli/evaluation/main-figures.ts";
import { reportPage } from "../../cli/evaluation/page/report-page.ts";
import { predictionsCsv } from "../../cli/evaluation/predictions-file.ts";
import { servedAnswers } from "../../cli/evaluation/served-answers.ts";
import { evaluatedEmbryo, reportOn, servedAnswer } from "../builders/evaluation.ts";
import { tagsLeftOpen } from "../builders/pages.ts";

/** Four embryos of two cycles: by the scores ICM is right on a, b and d and A for C on c; by the served grade on c too. */
const EMBRYOS = [
  evaluatedEmbryo("a", { cycleId: "1", icm: "A", te: "A", icmVotes: ["A", "A", "B"], teVotes: ["A"], outcome: 1 }),
  evaluatedEmbryo("b", { cycleId: "1", icm: "B", te: "B", icmVotes: ["B", "B", "B"], outcome: 0 }),
  evaluatedEmbryo("c", { cycleId: "2", icm: "C", te: "B", icmVotes: ["C", "C", "A"], outcome: 0 }),
  evaluatedEmbryo("d", { cycleId: "2", icm: "A" }),
];
const SERVED = new Map([
  ["a", servedAnswer("A", "A")],
  ["b", servedAnswer("B", "A")],
  ["c", servedAnswer("A", "B", { icm: "C", te: "B" })],
  ["d", servedAnswer("A", "C")],
]);

describe("an evaluation's report", () => {
  it("has the accuracy and MSE that are counted by hand", () => {
    const report = reportOn(EMBRYOS, SERVED);

    const [served] = report.models;
    expect(served!.accuracy.icm).toMatchObject({ value: 3 / 4 });
    expect(served!.mse.icm).toMatchObject({ value: 4 / 4 });
    expect(served!.accuracy.te).toMatchObject({ value: 2 / 3 });
    expect(served!.mse.te).toMatchObject({ value: 1 / 3 });
    expect(report.constantAnswer.accuracy.icm).toMatchObject({ value: 2 / 4 });
  });

  it("counts rows of truth and columns of answers, and how often one says A where the other says C", () => {
    const report = reportOn(EMBRYOS, SERVED);

    expect(report.byScores.annotator.icm).toMatchObject({
      counts: [
        [2, 0, 0],
        [0, 1, 0],
        [1, 0, 0],
      ],
      acDisagreement: { value: 1 / 4 },
    });
    expect(report.byScores.annotator.te).toMatchObject({ missingGrades: ["C"] });
  });

  it("judges by the scores as the paper does, and by the grade that is served", () => {
    const report = reportOn(EMBRYOS, SERVED);

    expect(report.byScores.majority.icm).toMatchObject({ embryos: 3, accuracy: { value: 2 / 3 } });
    expect(report.byServedGrade.majority.icm).toMatchObject({ embryos: 3, accuracy: { value: 1 } });
  });

  it("holds annotators and network to the vote of the others, by Equations 4 and 5", () => {
    const report = reportOn(EMBRYOS, SERVED);

    // a: the others of each say AB, AB, AA, all A by the better of a tie; A A B agree in 2 of 3. c: CA, CA, CC give A A C.
    expect(report.byScores.agreement.icm).toMatchObject({
      embryos: 3,
      human: { value: expect.closeTo((2 / 3 + 1 + 0) / 3, 12) },
      network: { value: expect.closeTo((1 + 1 + 2 / 3) / 3, 12) },
    });
  });

  it("says in words what cannot be measured, and shows no NaN and nothing undefined", () => {
    const sets = [
      reportOn([evaluatedEmbryo("alone")], new Map()),
      reportOn([evaluatedEmbryo("alone", { icm: "A" })], new Map([["alone", servedAnswer("A", "A")]])),
      reportOn([evaluatedEmbryo("x", { icm: "B", te: "B", outcome: 1 })], new Map([["x", servedAnswer("B", "B")]])),
      reportOn(EMBRYOS, SERVED, { shortened: [[5, new Map()]], leaveOneClinicOut: true }),
    ];

    for (const report of sets) {
      const shown = reportPage(report) + JSON.stringify([report, mainFigures(report)]);
      expect(shown).not.toMatch(/NaN|undefined|Infinity/);
    }
    expect(sets[0]!.byScores.agreement.icm).toEqual({
      notMeasurable: "no embryo was graded by two annotators or more",
    });
    expect(sets[2]!.outcome).toEqual({ notMeasurable: "all 1 embryos came to a pregnancy" });
  });

  it("counts embryos that were left out by what ended them, and remarks by themselves", () => {
    const dataSet = reportOn(EMBRYOS, SERVED);
    const problems = [
      { embryoId: "gone", code: "EMPTY_WELL", detail: "nothing" },
      { embryoId: "a", code: "FRAMES_SKIPPED", detail: "two" },
      { embryoId: null, code: "FILE_UNKNOWN", detail: "notes.txt" },
    ];

    const report = reportOn(EMBRYOS, SERVED, {
      dataSet: {
        dir: "set",
        manifest: {
          schema: "blastograde/prepared@1",
          source: "archives",
          cropperSha256: dataSet.dataSet.cropperSha256,
          moments: {},
          sequences: true,
        },
        split: "all",
        embryos: EMBRYOS,
        problems,
      },
    });

    expect(report.notEvaluated).toEqual([
      { code: "EMPTY_WELL", leftOut: true, count: 1, example: "gone: nothing" },
      { code: "FILE_UNKNOWN", leftOut: false, count: 1, example: "notes.txt" },
      { code: "FRAMES_SKIPPED", leftOut: false, count: 1, example: "a: two" },
    ]);
  });

  it("is one well-formed page without scripts or anything from elsewhere, whatever names the data have", () => {
    const hostile = '<script src="http://x">&\u0007\'';
    const embryos = EMBRYOS.map((embryo, n) => ({ ...embryo, clinic: n < 2 ? hostile : "south" }));

    const page = reportPage(
      reportOn(embryos, SERVED, { refused: [{ embryoId: hostile, code: "CLIP_INVALID", detail: hostile }] }),
    );

    expect(tagsLeftOpen(page)).toEqual([]);
    expect(page).not.toMatch(/<script|(src|href)="|url\(|@import/);
    expect(page).toContain("&lt;script src=&quot;http://x&quot;&gt;&amp;");
  });

  it("says on top that a demo bundle is not for clinical use", () => {
    const page = reportPage(reportOn(EMBRYOS, SERVED));

    expect(page).toContain('<p class="notice">not for clinical use</p>');
  });
});

describe("predictions.csv", () => {
  it("has a line for each embryo and empty cells where there is no answer", () => {
    const served = new Map([["a", servedAnswer("A", "B")]]);

    const csv = predictionsCsv(EMBRYOS.slice(0, 2), [servedAnswers(served)], served);

    const [, first, second] = csv.split(/\r?\n/);
    expect(first).toContain("a,1,,RNN (served),A,0.700000,0.150000,0.150000,0.700000");
    expect(second).toMatch(/^b,1,,RNN \(served\),+$/);
  });
});
