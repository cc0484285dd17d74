import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { openNetwork } from "../../adapters/onnx/network-session.ts";
import { openPregnancyScorer } from "../../adapters/onnx/pregnancy-scorer.ts";
import { calibratorBeside, loadCalibrator } from "../../cli/local-calibrator.ts";
import { type LoadedBundle, loadBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";

/** PyTorch's values against ours; its Grad-CAM is by autograd, ours in closed form. */
const TOLERANCE = 1e-4;
/** The golden file has every fourth row and column of the tissues' probabilities. */
const STRIDE = 4;
const SIDE = 224;
const PIXELS = SIDE ** 2;

const farthest = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length ? Math.max(...a.map((value, n) => Math.abs(value - b[n]!))) : Number.NaN;

describe("the demo bundle's pregnancy branch against PyTorch's golden outputs", () => {
  let bundle: LoadedBundle;
  let golden: (name: string) => ReturnType<typeof decodeNpy>;
  beforeAll(async () => {
    bundle = await loadBundle(DEMO_BUNDLE);
    const files = decodeNpz(new Uint8Array(await readFile(join(DEMO_BUNDLE, "golden-pregnancy.npz"))));
    golden = (name) => decodeNpy(files.get(`${name}.npy`)!);
  });

  it("tells tissues as PyTorch does", async () => {
    const still = golden("still");
    const [count] = still.shape as [number];
    const signature = { name: "segmenter.onnx", inputs: ["still"], outputs: ["tissues"] };
    const segmenter = await openNetwork(await readNetwork(bundle, "segmenter"), signature, { threads: 2 });

    const values = still.array as Uint8Array;
    const { tissues } = await segmenter.run({ still: { type: "uint8", values, shape: still.shape } }, ["tissues"]);
    await segmenter.release();

    const strided = Array.from({ length: count * 3 }, (_, plane) =>
      Array.from({ length: (SIDE / STRIDE) ** 2 }, (_, p) => {
        const [x, y] = [(p % (SIDE / STRIDE)) * STRIDE, Math.floor(p / (SIDE / STRIDE)) * STRIDE];
        return tissues![plane * PIXELS + y * SIDE + x]!;
      }),
    ).flat();
    expect(farthest(strided, [...golden("tissues").array])).toBeLessThanOrEqual(TOLERANCE);
    // The images hold something to tell.
    expect(strided.filter((probability) => probability > 0.9).length).toBeGreaterThan(strided.length / 4);
  });

  it("has PyTorch's score, and the Grad-CAM that its autograd gives", async () => {
    const [images, ages] = [golden("image").array as Uint8Array, golden("age_years").array];
    const scorer = await openPregnancyScorer(await readNetwork(bundle, "pregnancy"), { threads: 2 });

    const answers = [];
    for (const [n, age] of [...ages].entries()) {
      answers.push(await scorer.score(images.subarray(n * 3 * PIXELS, (n + 1) * 3 * PIXELS), age));
    }
    await scorer.close();

    const rawScores = [...golden("logit").array].map((logit) => 1 / (1 + Math.exp(-logit)));
    expect(
      farthest(
        answers.map(({ rawScore }) => rawScore),
        rawScores,
      ),
    ).toBeLessThanOrEqual(TOLERANCE);
    const attention = answers.flatMap((answer) => [...answer.attention]);
    expect(farthest(attention, [...golden("attention").array])).toBeLessThanOrEqual(TOLERANCE);
    expect(Math.max(...attention)).toBeGreaterThan(100 * TOLERANCE);
  });

  it("has a calibrator beside it that was fitted for these very weights", async () => {
    const served = await loadCalibrator(bundle, calibratorBeside(DEMO_BUNDLE));

    expect(served?.calibrator).toMatchObject({ modelSha256: bundle.manifest.modelSha256, demo: true });
    expect(served?.calibrator.sample.cases).toBeGreaterThan(500);
  });
});

/** What the weights were measured to be when they were sealed: weights that learnt less must not take their place. */
describe("the demo bundle's figures on pregnancies", () => {
  interface Figure {
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }
  interface Trust {
    readonly brier: Figure;
    readonly ece: Figure;
    readonly slope: { readonly slope: Figure };
  }
  interface Metrics {
    readonly pregnancy: {
      readonly performance: { readonly heldOut: { readonly embryos: number }; readonly ageAlone: Figure };
      readonly calibration: {
        readonly chosen: "isotonic" | "platt";
        readonly before: Trust;
        readonly after: Record<"isotonic" | "platt", Trust>;
      };
      readonly segmentation: Record<"icm" | "te", { readonly embryos: number; readonly dice: Figure }>;
    };
    readonly branches: { readonly pregnancy: { readonly embryos: number; readonly auroc: Figure } };
  }
  let metrics: Metrics;
  beforeAll(async () => {
    metrics = JSON.parse(await readFile(join(DEMO_BUNDLE, "metrics.json"), "utf8"));
  });

  it.each(["icm", "te"] as const)("find the %s with a Dice of at least 0.85 in at least 500 embryos", (tissue) => {
    const { embryos, dice } = metrics.pregnancy.segmentation[tissue];

    expect(embryos).toBeGreaterThanOrEqual(500);
    expect(dice.value).toBeGreaterThanOrEqual(0.85);
  });

  it("tell pregnancies better than the age alone, through the model server too", () => {
    const { performance } = metrics.pregnancy;
    const { embryos, auroc } = metrics.branches.pregnancy;

    expect(performance.heldOut.embryos).toBeGreaterThanOrEqual(500);
    expect(embryos).toBeGreaterThanOrEqual(250);
    expect(auroc.value).toBeGreaterThan(performance.ageAlone.value + 0.05);
  });

  it("are better calibrated after the calibrator than before, with a slope whose interval holds 1", () => {
    const { before, after, chosen } = metrics.pregnancy.calibration;
    const { brier, ece, slope } = after[chosen];

    expect(brier.value).toBeLessThan(before.brier.value);
    expect(ece.value).toBeLessThan(before.ece.value);
    expect(slope.slope.low).toBeLessThan(1);
    expect(slope.slope.high).toBeGreaterThan(1);
  });
});
