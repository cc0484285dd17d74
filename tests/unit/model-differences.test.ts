import { describe, expect, it } from "vitest";
import { modelDifferences, modelFigures } from "../../cli/evaluation/figures/model-figures.ts";
import { evaluatedEmbryo, modelAnswering } from "../builders/evaluation.ts";

const RESAMPLING = { resamples: 20 };
const SUBJECTS = [
  evaluatedEmbryo("a", { icm: "A", te: "A" }),
  evaluatedEmbryo("b", { icm: "B", te: "B" }),
  evaluatedEmbryo("c", { icm: "C", te: "C" }),
  evaluatedEmbryo("d", { icm: "A", te: "B" }),
];
const RIGHT = { a: { icm: "A", te: "A" }, b: { icm: "B", te: "B" }, c: { icm: "C", te: "C" } } as const;
/** Takes a's ICM for a C. */
const HASTY = { ...RIGHT, a: { icm: "C", te: "A" } } as const;

describe("the differences that the paper's tables are about", () => {
  it("are ours minus theirs on the embryos that both answered for", () => {
    const rnn = modelAnswering("RNN", { ...RIGHT, d: { icm: "C", te: "C" } }, { kind: { kind: "rnn", moment: null } });
    const at110 = modelAnswering("CNN (110)", HASTY, { kind: { moment: "110" } });

    const differences = modelDifferences(SUBJECTS, [rnn, at110], RESAMPLING);

    expect(differences).toMatchObject([
      {
        name: "RNN − CNN (110)",
        table: "3",
        embryos: { icm: 3, te: 3 },
        accuracy: { icm: { value: expect.closeTo(1 / 3, 12) }, te: { value: 0 } },
        mse: { icm: { value: expect.closeTo(-4 / 3, 12) }, te: { value: 0 } },
      },
    ]);
    expect(differences[0]!.paper!.accuracy.icm).toBeCloseTo(0.652 - 0.572, 12);
  });

  it("set both grades beside each alone, and the ordinal loss beside the others", () => {
    const both = modelAnswering("both", RIGHT);
    const alone = modelAnswering("ICM alone", { a: { icm: "C" }, b: { icm: "B" } }, { kind: { task: "icm" } });
    const linear = modelAnswering("linear", HASTY, { kind: { loss: "linear" } });

    const differences = modelDifferences(SUBJECTS, [both, alone, linear], RESAMPLING);

    expect(differences.map(({ name, table }) => [name, table])).toEqual([
      ["both − ICM alone", "4"],
      ["both − linear", "7"],
    ]);
    expect(differences[0]).toMatchObject({
      accuracy: { icm: { value: 0.5 }, te: { notMeasurable: "one of them does not grade the TE" } },
    });
  });

  it("leave the bundle's own network out where one trained like the others is there", () => {
    const bundles = modelAnswering("the bundle's", RIGHT, { served: true });
    const tA = modelAnswering("CNN (tA)", HASTY);
    const binary = modelAnswering("binary", HASTY, { kind: { loss: "binary" } });

    const withCounterpart = modelDifferences(SUBJECTS, [bundles, tA, binary], RESAMPLING);
    const without = modelDifferences(SUBJECTS, [bundles, binary], RESAMPLING);

    expect(withCounterpart.map(({ name }) => name)).toEqual(["CNN (tA) − binary"]);
    expect(without.map(({ name }) => name)).toEqual(["the bundle's − binary"]);
  });
});

describe("the figures of a network", () => {
  it("stand beside the paper's of a network that was trained alike", () => {
    const kinds = [{}, { loss: "linear" }, { task: "te" }, { moment: "tMEB" }, { kind: "rnn", moment: null }] as const;

    const rows = modelFigures(
      SUBJECTS,
      kinds.map((kind) => modelAnswering("one", RIGHT, { kind })),
      RESAMPLING,
    );

    // Kragh et al. 2019, Tables 3, 4 and 7, as printed.
    expect(rows.map(({ paper }) => [paper!.accuracy.icm, paper!.accuracy.te, paper!.mse.te])).toEqual([
      [0.639, 0.652, 0.383],
      [0.526, 0.519, 0.727],
      [null, 0.624, 0.422],
      [0.577, 0.656, 0.387],
      [0.652, 0.696, 0.361],
    ]);
  });
});
