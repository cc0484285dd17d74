import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNetwork } from "../../adapters/onnx/network-session.ts";
import { GRADES } from "../../core/contracts/grades.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { applyGradeCalibrator } from "../../core/grading/grade-calibrator.ts";
import { decodeRuns } from "../../core/pregnancy/run-lengths.ts";
import type { SealOptions } from "../../model-container/bundle/seal-bundle.ts";
import { type ModelServer, startModelServer } from "../../model-container/server/server.ts";
import { type BundleFolder, pregnancyBundle, stillCalibrator } from "../builders/pregnancy-bundle.ts";
import { discAndRing } from "../builders/tissues.ts";
import { clipFrames, clipOf, invoke, silent } from "./model-server.builders.ts";

const PLANE = 224 * 224;

/** A frame for each grey: its centre plane is of that grey, the planes above and below are black. */
function framesOfGrey(...greys: number[]): Uint8Array {
  const frames = new Uint8Array(greys.length * 3 * PLANE);
  for (const [t, grey] of greys.entries()) frames.fill(grey, (3 * t + 1) * PLANE, (3 * t + 2) * PLANE);
  return frames;
}

const share = (mask: Uint8Array) => mask.reduce((sum, inside) => sum + inside, 0) / PLANE;
const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

interface Served {
  readonly bundle: BundleFolder;
  readonly server: ModelServer;
  predict(clip: Uint8Array): Promise<Prediction>;
  close(): Promise<void>;
}

async function serve(changes: Partial<SealOptions> = {}): Promise<Served> {
  const bundle = await pregnancyBundle(changes);
  const server = await startModelServer({ bundleDir: bundle.dir, port: 0, threads: 1, logger: silent });
  return {
    bundle,
    server,
    predict: async (clip) => Prediction.parse(await (await invoke(server.url, clip)).json()),
    async close() {
      await server.close();
      await bundle.remove();
    },
  };
}

describe("the model server of a bundle with pregnancy networks", () => {
  const masks = discAndRing();
  let served: Served;
  beforeAll(async () => {
    served = await serve();
  });
  afterAll(() => served.close());

  it("scores the last frame's centre plane with the age, and says what it took for ICM and TE and where it looked", async () => {
    const { pregnancy, warnings } = await served.predict(clipOf(framesOfGrey(10, 0, 204), { ageYears: 34.5 }));

    const logit = 0.1 * (36 - 34.5) + 0.8 * (-1 + 4 * share(masks.icm) + 2 * share(masks.te));
    expect(pregnancy?.rawScore).toBeCloseTo(sigmoid(logit), 5);
    expect(pregnancy).toMatchObject({ ageYears: 34.5, focus: "icm" });
    expect(Buffer.compare(decodeRuns(pregnancy!.masks.icm), masks.icm)).toBe(0);
    expect(Buffer.compare(decodeRuns(pregnancy!.masks.te), masks.te)).toBe(0);
    expect(pregnancy!.attention[24]).toBeCloseTo(0.8, 4);
    expect(warnings).toEqual([]);
  });

  it("gives the same bytes for the same clip", async () => {
    const clip = clipOf(clipFrames({ frames: 2 }), { ageYears: 30 });

    const [first, second] = [await invoke(served.server.url, clip), await invoke(served.server.url, clip)];

    expect(await second.text()).toBe(await first.text());
  });

  it("invents no age", async () => {
    const { pregnancy, warnings, icm } = await served.predict(clipOf(framesOfGrey(200)));

    expect(pregnancy).toBeNull();
    expect(warnings).toMatchObject([{ code: "AGE_MISSING" }]);
    expect(icm.scores).toBeDefined();
  });

  it("says so where it finds neither ICM nor TE, and nothing to look at", async () => {
    const { pregnancy, warnings } = await served.predict(clipOf(framesOfGrey(0), { ageYears: 34 }));

    expect(pregnancy).toMatchObject({ focus: "none", masks: { icm: [PLANE], te: [PLANE] } });
    expect(warnings.map(({ code }) => code)).toEqual(["ICM_NOT_FOUND", "TE_NOT_FOUND", "FOCUS_NONE"]);
  });

  it("grades a still by the CNN's own heads and their own calibrator", async () => {
    const frame = clipFrames({ frames: 1 });
    const signature = { name: "cnn.onnx", inputs: ["frames"], outputs: ["icm", "te"] };
    const cnn = await openNetwork(await readFile(join(served.bundle.dir, "cnn.onnx")), signature, { threads: 1 });
    const shape = [1, 3, 224, 224];

    const still = await served.predict(clipOf(frame, { kind: "still", ageYears: 34 }));
    const timeLapse = await served.predict(clipOf(frame, { ageYears: 34 }));

    const heads = await cnn.run({ frames: { type: "uint8", values: frame, shape } }, ["icm", "te"]);
    await cnn.release();
    for (const structure of ["icm", "te"] as const) {
      const { scores, probabilities } = still[structure];
      expect(GRADES.map((grade) => scores[grade])).toEqual([...heads[structure]!]);
      expect(probabilities).toEqual(applyGradeCalibrator(stillCalibrator[structure], scores));
      expect(timeLapse[structure].scores).not.toEqual(scores);
    }
    expect(still.framesUsed).toBe(1);
    expect(still.pregnancy).toEqual(timeLapse.pregnancy);
  });

  it("takes no still of two frames", () => {
    expect(() => clipOf(framesOfGrey(1, 2), { kind: "still" })).toThrow(
      expect.objectContaining({ code: "CLIP_INVALID" }),
    );
  });
});

describe("the model server of another bundle", () => {
  it("scores the plain image where its network was trained on that", async () => {
    const served = await serve({ pregnancy: { input: "plain", architecture: "made by hand" } });

    const { pregnancy } = await served.predict(clipOf(framesOfGrey(204), { ageYears: 36 }));
    await served.close();

    expect(pregnancy?.rawScore).toBeCloseTo(sigmoid(0.8 * (-1 + 4 + 2)), 5);
  });

  it("says that it has no pregnancy networks", async () => {
    const served = await serve({ pregnancy: undefined });

    const { pregnancy, warnings } = await served.predict(clipOf(framesOfGrey(200), { ageYears: 34 }));
    await served.close();

    expect(pregnancy).toBeNull();
    expect(warnings).toMatchObject([{ code: "PREGNANCY_NOT_OFFERED" }]);
  });

  it("refuses a still for good where it has no calibrator of stills", async () => {
    const served = await serve({ stillCalibrator: undefined });

    const answer = await invoke(served.server.url, clipOf(framesOfGrey(200), { kind: "still" }));
    await served.close();

    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      title: "Unprocessable Content",
      code: "STILLS_NOT_OFFERED",
      detail: expect.stringContaining("time-lapse"),
      retryable: false,
    });
  });
});
