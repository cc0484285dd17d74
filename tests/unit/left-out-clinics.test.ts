import { describe, expect, it } from "vitest";
import { leftOutClinics } from "../../cli/evaluation/figures/left-out-clinics.ts";
import { evaluatedEmbryo, modelAnswering } from "../builders/evaluation.ts";

const RESAMPLING = { resamples: 20 };
const SUBJECTS = [
  evaluatedEmbryo("n1", { clinic: "north", icm: "A" }),
  evaluatedEmbryo("n2", { clinic: "north", icm: "B" }),
  evaluatedEmbryo("s1", { clinic: "south", icm: "C" }),
  evaluatedEmbryo("s2", { clinic: "south", icm: "A" }),
];
const RIGHT = { n1: { icm: "A" }, n2: { icm: "B" }, s1: { icm: "C" }, s2: { icm: "A" } } as const;
// Each knows its own clinic by heart, and of the clinic that it never saw one embryo of two.
const WITHOUT_NORTH = modelAnswering("cnn-without-north", { ...RIGHT, n2: { icm: "A" } }, { withoutClinic: "north" });
const WITHOUT_SOUTH = modelAnswering("cnn-without-south", { ...RIGHT, s2: { icm: "C" } }, { withoutClinic: "south" });

describe("leave-one-clinic-out", () => {
  it("has each clinic graded by the network that never saw it, alone and pooled", () => {
    const [figures] = leftOutClinics(SUBJECTS, [WITHOUT_NORTH, WITHOUT_SOUTH], RESAMPLING);

    expect(figures!.clinics.map(({ clinic, accuracy }) => [clinic, accuracy.icm])).toMatchObject([
      ["north", { value: 0.5 }],
      ["south", { value: 0.5 }],
    ]);
    expect(figures!.pooled).toMatchObject({ embryos: { icm: 4 }, accuracy: { icm: { value: 0.5 } } });
    expect(figures!.pooled.mse.icm).toMatchObject({ value: (1 + 4) / 4 });
    expect(figures).toMatchObject({ allClinics: null, difference: null });
  });

  it("sets beside them the network of the same recipe that saw all clinics, and not the bundle's own", () => {
    const bundles = modelAnswering("the bundle's", RIGHT, { served: true });
    const other = modelAnswering("another loss", RIGHT, { kind: { loss: "binary" } });
    const onAll = modelAnswering("cnn-all", { ...RIGHT, n1: { icm: "C" }, n2: { icm: "C" }, s1: { icm: "B" } });

    const [figures] = leftOutClinics(SUBJECTS, [bundles, other, onAll, WITHOUT_NORTH, WITHOUT_SOUTH], RESAMPLING);

    expect(figures!.allClinics!.accuracy.icm).toMatchObject({ value: 1 / 4 });
    expect(figures!.difference!.icm).toMatchObject({ value: 0.5 - 1 / 4 });
    expect(figures!.difference!.te).toEqual({ notMeasurable: "no embryo that both answered for" });
  });
});
