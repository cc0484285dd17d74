import { describe, expect, it } from "vitest";
import { clinicFigures } from "../../cli/evaluation/figures/clinics.ts";
import { servedAnswers } from "../../cli/evaluation/served-answers.ts";
import { evaluatedEmbryo, modelAnswering, servedAnswer } from "../builders/evaluation.ts";

const RESAMPLING = { resamples: 20 };
const SUBJECTS = [
  evaluatedEmbryo("n1", { clinic: "north", icm: "A", te: "A", icmVotes: ["A", "A"], outcome: 1 }),
  evaluatedEmbryo("n2", { clinic: "north", icm: "C", te: "B", icmVotes: ["C", "C"], outcome: 0 }),
  evaluatedEmbryo("s1", { clinic: "south", icm: "B", te: "C", icmVotes: ["B", "A"] }),
];
const SERVED = new Map([
  ["n1", servedAnswer("A", "A")],
  ["n2", servedAnswer("A", "B", { icm: "C", te: "B" })],
  ["s1", servedAnswer("B", "B", { icm: "B", te: "C" })],
]);

describe("the figures of each clinic", () => {
  it("are of its own embryos: by scores, by served grade, of every network, of votes and outcomes", () => {
    const cnn = modelAnswering("CNN", { n1: { icm: "B" }, n2: { icm: "C" }, s1: { icm: "B" } });

    const [north, south] = clinicFigures(SUBJECTS, [servedAnswers(SERVED), cnn], SERVED, RESAMPLING);

    expect(north).toMatchObject({
      clinic: "north",
      embryos: 2,
      byScores: { annotator: { icm: { accuracy: { value: 0.5 }, acDisagreement: { value: 0.5 } } } },
      byServedGrade: {
        annotator: { icm: { accuracy: { value: 1 }, acDisagreement: { value: 0 } } },
        agreement: { icm: { human: { value: 1 }, network: { value: 1 } } },
      },
      models: [{ mse: { icm: { value: 2 } } }, { name: "CNN", accuracy: { icm: { value: 0.5 } } }],
      shares: { icm: { labels: [0.5, 0, 0.5], answers: [1, 0, 0] } },
      outcome: { embryos: 2, network: { auc: { value: 1 } } },
      calibration: { icm: { probabilities: { logLoss: { value: expect.closeTo(-Math.log(0.7), 12) } } } },
    });
    expect(south).toMatchObject({
      clinic: "south",
      embryos: 1,
      byServedGrade: { annotator: { te: { accuracy: { value: 1 } } } },
      outcome: { notMeasurable: "no embryo's outcome is known" },
    });
  });

  it("are none where all embryos are of one clinic", () => {
    const north = SUBJECTS.filter(({ clinic }) => clinic === "north");

    expect(clinicFigures(north, [servedAnswers(SERVED)], SERVED, RESAMPLING)).toEqual([]);
  });
});
