import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { hasOutputs, openNetwork } from "../../adapters/onnx/network-session.ts";
import { fittedCalibrator } from "../../cli/bundle/fitted-calibrator.ts";
import { servedPredictions } from "../../cli/bundle/served-predictions.ts";
import { comparisonAnswers } from "../../cli/evaluation/comparison.ts";
import type { ComparisonNetwork } from "../../cli/evaluation/networks.ts";
import { fitGradeCalibrator } from "../../core/grading/grade-calibrator.ts";
import { preparedFolder, stillOf } from "../builders/prepared-folder.ts";
import { clipBytes, clipFrames, DEMO_BUNDLE } from "../contract/model-server.builders.ts";

const THREADS = { threads: 2 };
const quiet = { ...THREADS, onDone: () => {} };
const onnxOf = async (file: string) => new Uint8Array(await readFile(join(DEMO_BUNDLE, file)));

/** A network of the demo bundle as one to compare. */
async function network(kind: "cnn" | "rnn", task: "both" | "icm" | "te" = "both"): Promise<ComparisonNetwork> {
  return {
    model: {
      name: `${kind} ${task}`,
      kind: { kind, moment: kind === "cnn" ? "tA" : null, task, loss: "ordinal" },
      tables: ["3"],
      withoutClinic: null,
      served: false,
    },
    sha256: "0".repeat(64),
    onnx: await onnxOf(`${kind}.onnx`),
    features: kind === "rnn" ? { file: "cnn.onnx", onnx: await onnxOf("cnn.onnx") } : null,
    settings: {},
  };
}

describe("the served way over a data set", () => {
  it("leaves out, with its code, whatever the service would not grade", async () => {
    const dataSet = await preparedFolder({
      fine: {},
      arrested: { expanded: false },
      lost: { clip: null },
      damaged: { clip: clipBytes({ frames: 2 }).subarray(0, 5000) },
    });

    const { predictions, refused } = await servedPredictions(DEMO_BUNDLE, dataSet, THREADS);

    expect([...predictions.keys()]).toEqual(["fine"]);
    expect(refused.map(({ embryoId, code }) => [embryoId, code])).toEqual([
      ["arrested", "NO_BLASTOCYST"],
      ["lost", "CLIP_MISSING"],
      ["damaged", "CLIP_INVALID"],
    ]);
  });

  it("takes the last frames of a clip where fewer are wanted", async () => {
    const frames = clipFrames({ frames: 3, seed: 5 });
    const { meta } = npzClipFormat.decode(clipBytes({ frames: 1 }));
    const last = npzClipFormat.encode({ frames: frames.slice(-frames.length / 3), hpi: Float32Array.of(92), meta });
    const dataSet = await preparedFolder({ whole: { clip: clipBytes({ frames: 3, seed: 5 }) }, last: { clip: last } });

    const { predictions } = await servedPredictions(DEMO_BUNDLE, dataSet, { ...THREADS, lastFrames: 1 });

    expect(predictions.get("whole")!.framesUsed).toBe(1);
    expect(predictions.get("whole")!.icm).toEqual(predictions.get("last")!.icm);
    expect(predictions.get("whole")!.te).toEqual(predictions.get("last")!.te);
  });
});

describe("networks to compare", () => {
  it("answer for sequences as the model server does with the same networks, class by class", async () => {
    const dataSet = await preparedFolder({ one: { clip: clipBytes({ frames: 12 }) }, two: {} });
    const { predictions } = await servedPredictions(DEMO_BUNDLE, dataSet, THREADS);

    const [both, te] = await comparisonAnswers([await network("rnn"), await network("rnn", "te")], dataSet, quiet);

    for (const id of ["one", "two"]) {
      const served = predictions.get(id)!;
      expect(both!.scores.get(id)).toEqual({ icm: served.icm.scores, te: served.te.scores });
      expect(te!.scores.get(id)).toEqual({ icm: null, te: served.te.scores });
    }
  });

  it("see the still of each embryo's own row, in whatever order the embryos come", async () => {
    const dataSet = await preparedFolder({ zero: {}, one: {}, two: {} });
    const shuffled = { ...dataSet, embryos: [2, 0].map((row) => dataSet.embryos[row]!) };
    const signature = { name: "cnn.onnx", inputs: ["frames"], outputs: ["icm"] };
    const cnn = await openNetwork(await onnxOf("cnn.onnx"), signature, THREADS);
    const alone = async (row: number) => {
      const still = { type: "uint8" as const, values: stillOf(row), shape: [1, 3, 224, 224] };
      const [A, B, C] = (await cnn.run({ frames: still }, ["icm"])).icm!;
      return { A, B, C };
    };

    const [answers] = await comparisonAnswers([await network("cnn", "icm")], shuffled, quiet);

    expect([...answers!.scores]).toEqual([
      ["two", { icm: await alone(2), te: null }],
      ["zero", { icm: await alone(0), te: null }],
    ]);
    expect(answers!.scores.get("two")).not.toEqual(answers!.scores.get("zero"));
    await cnn.release();
  });

  it("can be asked whether they grade at all", async () => {
    const [cnn, cropper] = [await onnxOf("cnn.onnx"), await onnxOf("cropper.onnx")];

    expect(await hasOutputs(cnn, ["icm", "te"])).toBe(true);
    expect(await hasOutputs(cropper, ["icm", "te"])).toBe(false);
  });
});

describe("the grade calibrator", () => {
  it("is fitted to what each structure was scored and how it was voted", async () => {
    const dataSet = await preparedFolder({
      one: { icmVotes: ["A", "A", "B"], teVotes: ["C", "C", "C"] },
      two: { icmVotes: ["A", "B", "B"], teVotes: ["C", "B", "C"] },
      three: { icmVotes: ["B", "B", "C"], teVotes: ["A", "B", "B"] },
    });
    const { predictions } = await servedPredictions(DEMO_BUNDLE, dataSet, THREADS);

    const calibrator = await fittedCalibrator(DEMO_BUNDLE, dataSet, { threads: 2 });

    const casesOf = (structure: "icm" | "te", votes: "icmVotes" | "teVotes") =>
      dataSet.embryos.map((one) => ({ scores: predictions.get(one.embryoId)![structure].scores, votes: one[votes] }));
    const [icm, te] = [fitGradeCalibrator(casesOf("icm", "icmVotes")), fitGradeCalibrator(casesOf("te", "teVotes"))];
    expect(calibrator).toEqual({ icm, te });
    expect(icm).not.toEqual(te);
  });
});
