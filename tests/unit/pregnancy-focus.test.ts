import { describe, expect, it } from "vitest";
import { focusFigures } from "../../cli/pregnancy/figures/focus.ts";
import { networkKinds } from "../../cli/pregnancy/figures/network-kinds.ts";
import { RESAMPLING, scoredBy, scoredNetwork, transfers } from "../builders/pregnancy-report.ts";

/** Two positives and two negatives. */
const HELD_OUT = transfers(2, 2);
const [high, low] = [0.8, 0.2];

describe("Table 3", () => {
  const enhanced = scoredNetwork({
    e0: { rawScore: high, focus: "icm" },
    e1: { rawScore: low, focus: "te" },
    e2: { rawScore: low, focus: "te" },
    e3: { rawScore: low, focus: "other", focusDistancePx: 16 },
  });
  const plain = scoredNetwork(
    {
      e0: { rawScore: high, focus: "other", focusDistancePx: 16.1 },
      e1: { rawScore: low, focus: "icm" },
      e2: { rawScore: high, focus: "none", focusDistancePx: null },
      e3: { rawScore: low, focus: "none", focusDistancePx: null },
    },
    { input: "plain" },
  );

  it("groups the embryos by which network was right, and counts what each looks at", () => {
    const { table } = focusFigures(HELD_OUT, networkKinds([plain, enhanced]), RESAMPLING);

    const none = { icm: 0, te: 0, other: 0, none: 0 };
    expect(table).toMatchObject({
      name: "ResNet50",
      fold: 0,
      rows: [
        {
          correct: "both",
          cases: 2,
          focus: { enhanced: { ...none, icm: 1, other: 1 }, plain: { ...none, other: 1, none: 1 } },
          paper: { cases: 314, plainOnIcmOrTe: 270, enhancedOnIcmOrTe: 312 },
        },
        { correct: "neither", cases: 1, focus: { enhanced: { ...none, te: 1 }, plain: { ...none, icm: 1 } } },
        { correct: "plain only", cases: 0, focus: { enhanced: none, plain: none } },
        { correct: "enhanced only", cases: 1, focus: { enhanced: { ...none, te: 1 }, plain: { ...none, none: 1 } } },
        { correct: "total", cases: 4, paper: { cases: 512, plainOnIcmOrTe: 438, enhancedOnIcmOrTe: 506 } },
      ],
    });
  });

  it("has the share on ICM or TE of every network, and the paired gain", () => {
    const { shares, gains } = focusFigures(HELD_OUT, networkKinds([plain, enhanced]), RESAMPLING);

    expect(shares).toMatchObject([
      {
        input: "plain",
        counts: { icm: 1, te: 0, other: 1, none: 2 },
        onIcmOrTe: { value: 1 / 4 },
        withinHalfCell: { value: 1 / 4 },
      },
      {
        input: "enhanced",
        counts: { icm: 1, te: 2, other: 1, none: 0 },
        onIcmOrTe: { value: 3 / 4 },
        withinHalfCell: { value: 1 },
      },
    ]);
    expect(gains).toMatchObject([{ name: "ResNet50", onIcmOrTe: { value: 1 / 2 }, withinHalfCell: { value: 3 / 4 } }]);
  });

  it("is of the ResNet50 where there are several networks, and of none with one input only", () => {
    const vgg = (input: "enhanced" | "plain") =>
      scoredBy(HELD_OUT, () => high, { name: "VGG16", network: "vgg16", input });

    const both = focusFigures(HELD_OUT, networkKinds([vgg("enhanced"), vgg("plain"), plain, enhanced]), RESAMPLING);
    const one = focusFigures(HELD_OUT, networkKinds([vgg("enhanced"), plain]), RESAMPLING);

    expect(both.table).toMatchObject({ name: "ResNet50" });
    expect(one.table).toMatchObject({ notMeasurable: expect.any(String) });
  });
});
