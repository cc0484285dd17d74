import { describe, expect, it } from "vitest";
import type { NetworkInput, NetworkSession } from "../../adapters/onnx/network-session.ts";
import { createPregnancyScorer } from "../../adapters/onnx/pregnancy-scorer.ts";
import { createTissueSegmenter } from "../../adapters/onnx/tissue-segmenter.ts";
import { pregnancyPrediction } from "../../core/pregnancy/pregnancy-prediction.ts";
import { discAndRing, softmaxOf } from "../builders/tissues.ts";

const PIXELS = 224 * 224;

/** A network that always answers this; it keeps what it was given. */
function network(answer: Record<string, Float32Array>) {
  const given: Record<string, NetworkInput>[] = [];
  const session: NetworkSession = {
    async run(inputs) {
      given.push(inputs);
      return answer;
    },
    release: async () => {},
  };
  return { session, given };
}

describe("the pregnancy scorer", () => {
  const image = new Uint8Array(3 * PIXELS).fill(9);
  const scores = ({ logit = [0.5], attention = new Array<number>(49).fill(0) } = {}) =>
    network({ logit: Float32Array.from(logit), attention: Float32Array.from(attention) });

  it("gives its network the image and the age", async () => {
    const { session, given } = scores();

    await createPregnancyScorer(session).score(image, 34.5);

    expect(given).toEqual([
      {
        image: { type: "uint8", values: image, shape: [1, 3, 224, 224] },
        age_years: { type: "float32", values: Float32Array.of(34.5), shape: [1] },
      },
    ]);
  });

  it.each([
    [-1000, 0],
    [0, 0.5],
    [1000, 1],
  ])("makes a raw score of the logit %d: %d", async (logit, rawScore) => {
    const scored = await createPregnancyScorer(scores({ logit: [logit] }).session).score(image, 30);

    expect(scored.rawScore).toBe(rawScore);
  });

  it.each<[string, Parameters<typeof scores>[0], string]>([
    ["a logit that is not a number", { logit: [Number.NaN] }, "PREDICTION_INVALID"],
    ["an infinite logit", { logit: [Number.POSITIVE_INFINITY] }, "PREDICTION_INVALID"],
    ["a cell that is not a number", { attention: new Array(49).fill(0).with(7, Number.NaN) }, "PREDICTION_INVALID"],
    ["an infinite cell", { attention: new Array(49).fill(0).with(7, Number.POSITIVE_INFINITY) }, "PREDICTION_INVALID"],
    ["a negative cell", { attention: new Array(49).fill(0).with(7, -1) }, "PREDICTION_INVALID"],
    ["a map of 48 cells", { attention: new Array(48).fill(0) }, "BUNDLE_DAMAGED"],
    ["no logit", { logit: [] }, "BUNDLE_DAMAGED"],
  ])("makes no answer of %s", async (_what, answer, code) => {
    const scoring = createPregnancyScorer(scores(answer).session).score(image, 30);

    await expect(scoring).rejects.toMatchObject({ code });
  });

  it("takes no image of another size", async () => {
    await expect(createPregnancyScorer(scores().session).score(new Uint8Array(9), 30)).rejects.toThrow(RangeError);
  });
});

describe("the tissue segmenter", () => {
  const still = new Uint8Array(PIXELS).fill(100);

  it("gives its network the still, and takes each pixel for what is most probable there", async () => {
    const { session, given } = network({ tissues: softmaxOf((pixel) => (pixel < 1000 ? "icm" : "te")) });

    const { icm, te } = await createTissueSegmenter(session).segment(still);

    expect(given).toEqual([{ still: { type: "uint8", values: still, shape: [1, 1, 224, 224] } }]);
    expect([icm[0], te[0], icm[1000], te[1000]]).toEqual([1, 0, 0, 1]);
  });

  it.each([
    ["a pixel that is not a number", softmaxOf(() => "icm").with(5, Number.NaN)],
    ["too few pixels", new Float32Array(PIXELS)],
  ])("makes no masks of %s", async (_what, tissues) => {
    const segmenting = createTissueSegmenter(network({ tissues }).session).segment(still);

    await expect(segmenting).rejects.toMatchObject({ code: "MODEL_FAILED" });
  });

  it("takes no still of another size", async () => {
    const segmenter = createTissueSegmenter(network({}).session);

    await expect(segmenter.segment(new Uint8Array(9))).rejects.toThrow(RangeError);
  });
});

describe("what is said of a still", () => {
  const seen = (cell: number | null, masks = discAndRing()) => {
    const attention = new Array<number>(49).fill(0);
    if (cell !== null) attention[cell] = 1;
    return pregnancyPrediction({ rawScore: 0.4, ageYears: 34, attention, masks, firstCellPx: 15.5 });
  };

  it("has no warning where both tissues were found and the network looked at one", () => {
    const { pregnancy, warnings } = seen(24);

    expect(pregnancy).toMatchObject({ rawScore: 0.4, ageYears: 34, focus: "icm" });
    expect(warnings).toEqual([]);
  });

  it("warns of everything that makes it worth less", () => {
    const none = new Uint8Array(PIXELS);

    const { warnings } = seen(24, { icm: none, te: none });

    expect(warnings.map(({ code }) => code)).toEqual(["ICM_NOT_FOUND", "TE_NOT_FOUND", "FOCUS_ELSEWHERE"]);
  });

  it("warns where the network looked at nothing", () => {
    expect(seen(null).warnings.map(({ code }) => code)).toEqual(["FOCUS_NONE"]);
  });
});
