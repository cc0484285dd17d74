import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { openNetwork } from "../../adapters/onnx/network-session.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import type { Grade, GradeDistribution } from "../../core/contracts/grades.ts";
import type { Prediction } from "../../core/contracts/prediction.ts";
import { isBlastocyst } from "../../core/cropping/blastocyst-criterion.ts";
import { CROPPER_SIZE } from "../../core/cropping/embryo-mask.ts";
import { mostProbableGrade } from "../../core/grading/grade-decoding.ts";
import {
  accuracy,
  confusionMatrix,
  type GradePair,
  majorityVote,
  mean,
  meanLogLoss,
  meanSquaredError,
} from "../../core/statistics/grade-statistics.ts";
import { type LoadedBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";
import { type DatasetEmbryo, readEmbryos, readEvidence, readStill } from "./dataset-reader.ts";
import { servedPredictions } from "./served-predictions.ts";

type Structure = "icm" | "te";

const SHORTENED_TO = [1, 5, 10, 15, 20, 25];

/** Figures of one structure on the embryos of a split; from the scores, as the paper's tables are. */
export interface StructureMetrics {
  readonly rnn: GradeMetrics;
  readonly cnn: GradeMetrics;
  /** Always the training set's most frequent grade. */
  readonly majorityClass: GradeMetrics;
  /** The RNN against the majority of five votes. */
  readonly rnnOnMajorityVote: GradeMetrics;
  /** Log-loss of the five votes under the scores, under the calibrated probabilities, and under the classes' shares. */
  readonly logLoss: { scores: number; calibrated: number; shares: number };
}

export interface GradeMetrics {
  readonly accuracy: number;
  readonly mse: number;
  /** Rows true A, B, C; columns predicted. */
  readonly confusion: number[][];
}

export interface BundleMetrics {
  readonly testEmbryos: number;
  readonly icm: StructureMetrics;
  readonly te: StructureMetrics;
  /** Accuracy of the RNN on the last so many frames alone: padding makes it forget short sequences. */
  readonly byFrames: { frames: number; icm: number; te: number }[];
  readonly cropper: { testPictures: number; dice: number; emptyPictures: number; emptyCalledEmbryo: number };
  readonly criterion: { blastocysts: number; falseRejections: number; arrested: number; misses: number };
}

/**
 * Measures a bundle on the test split of a prepared data set: the RNN through the model server, the CNN's own heads on the
 * stills, the cropper on its test pictures, the blastocyst criterion on embryos of their own.
 */
export async function evaluateBundle(bundle: LoadedBundle, dataset: string, criterion: string): Promise<BundleMetrics> {
  const embryos = await readEmbryos(dataset);
  const test = embryos.filter(({ split }) => split === "test");
  const train = embryos.filter(({ split }) => split === "train");
  const ids = test.map(({ embryoId }) => embryoId);
  const served = await servedPredictions(bundle.dir, dataset, ids);
  const stills = await stillScores(bundle, dataset, test);
  return {
    testEmbryos: test.length,
    icm: structureMetrics("icm", train, test, served, stills),
    te: structureMetrics("te", train, test, served, stills),
    byFrames: await accuracyByFrames(bundle.dir, dataset, test),
    cropper: await cropperMetrics(bundle, dataset),
    criterion: await criterionRates(criterion),
  };
}

function structureMetrics(
  structure: Structure,
  train: readonly DatasetEmbryo[],
  test: readonly DatasetEmbryo[],
  served: readonly Prediction[],
  stills: readonly Record<Structure, GradeDistribution>[],
): StructureMetrics {
  const votesOf = (embryo: DatasetEmbryo) => (structure === "icm" ? embryo.icmVotes : embryo.teVotes);
  const labels = test.map((embryo) => embryo[structure]);
  const rnn = served.map((prediction) => mostProbableGrade(prediction[structure].scores));
  const cnn = stills.map((scores) => mostProbableGrade(scores[structure]));
  const usual = majorityVote(train.map((embryo) => embryo[structure]));
  const trainVotes = train.flatMap(votesOf);
  const share = (grade: Grade) => trainVotes.filter((vote) => vote === grade).length / trainVotes.length;
  const shares = { A: share("A"), B: share("B"), C: share("C") };
  const withVotes = (probabilities: GradeDistribution[]) =>
    meanLogLoss(test.map((embryo, n) => ({ probabilities: probabilities[n]!, votes: votesOf(embryo) })));
  return {
    rnn: gradeMetrics(rnn, labels),
    cnn: gradeMetrics(cnn, labels),
    majorityClass: gradeMetrics(
      labels.map(() => usual),
      labels,
    ),
    rnnOnMajorityVote: gradeMetrics(
      rnn,
      test.map((embryo) => majorityVote(votesOf(embryo))),
    ),
    logLoss: {
      scores: withVotes(served.map((prediction) => prediction[structure].scores)),
      calibrated: withVotes(served.map((prediction) => prediction[structure].probabilities)),
      shares: withVotes(test.map(() => shares)),
    },
  };
}

function gradeMetrics(predicted: readonly Grade[], truth: readonly Grade[]): GradeMetrics {
  const pairs: GradePair[] = predicted.map((grade, n) => ({ predicted: grade, truth: truth[n]! }));
  return { accuracy: accuracy(pairs), mse: meanSquaredError(pairs), confusion: confusionMatrix(pairs) };
}

async function accuracyByFrames(bundleDir: string, dataset: string, test: readonly DatasetEmbryo[]) {
  const ids = test.map(({ embryoId }) => embryoId);
  const rows: BundleMetrics["byFrames"] = [];
  for (const frames of SHORTENED_TO) {
    const served = await servedPredictions(bundleDir, dataset, ids, frames);
    const share = (structure: Structure) =>
      mean(served.map((p, n) => (mostProbableGrade(p[structure].scores) === test[n]![structure] ? 1 : 0)));
    rows.push({ frames, icm: share("icm"), te: share("te") });
  }
  return rows;
}

/** The CNN's own heads on the unshifted still at tA. */
async function stillScores(bundle: LoadedBundle, dataset: string, test: readonly DatasetEmbryo[]) {
  const signature = { name: "cnn.onnx", input: "frames", outputs: ["icm", "te"] };
  const cnn = await openNetwork(await readNetwork(bundle, "cnn"), signature, { threads: 2 });
  const scores: Record<Structure, GradeDistribution>[] = [];
  for (const { row } of test) {
    const values = await readStill(dataset, row);
    const { icm, te } = await cnn.run({ frames: { type: "uint8", values, shape: [1, 3, CLIP_SIZE, CLIP_SIZE] } }, [
      "icm",
      "te",
    ]);
    scores.push({ icm: distribution(icm!), te: distribution(te!) });
  }
  await cnn.release();
  return scores;
}

function distribution([a, b, c]: Float32Array): GradeDistribution {
  return { A: a!, B: b!, C: c! };
}

async function cropperMetrics(bundle: LoadedBundle, dataset: string): Promise<BundleMetrics["cropper"]> {
  const { sha256 } = bundle.manifest.networks.cropper;
  const segmenter = await openSegmenter(await readNetwork(bundle, "cropper"), { sha256, threads: 2 });
  const files = decodeNpz(new Uint8Array(await readFile(join(dataset, "cropper.npz"))));
  const [images, masks, split] = ["images.npy", "masks.npy", "split.npy"].map(
    (name) => decodeNpy(files.get(name)!).array as Uint8Array,
  ) as [Uint8Array, Uint8Array, Uint8Array];
  const cells = CROPPER_SIZE ** 2;
  const dices: number[] = [];
  const falseFinds: number[] = [];
  for (const [n, which] of split.entries()) {
    if (which !== 2) continue;
    const [found] = await segmenter.segment([images.subarray(n * 3 * cells, (n + 1) * 3 * cells)]);
    const truth = masks.subarray(n * cells, (n + 1) * cells);
    let both = 0;
    let sum = 0;
    truth.forEach((inside, cell) => {
      const isFound = found![cell]! > 0.5 ? 1 : 0;
      both += inside * isFound;
      sum += inside + isFound;
    });
    const isEmpty = !truth.includes(1);
    if (isEmpty) falseFinds.push(sum > 0.01 * cells ? 1 : 0);
    else dices.push((2 * both) / sum);
  }
  await segmenter.close();
  return {
    testPictures: dices.length,
    dice: mean(dices),
    emptyPictures: falseFinds.length,
    emptyCalledEmbryo: mean(falseFinds),
  };
}

async function criterionRates(folder: string): Promise<BundleMetrics["criterion"]> {
  const embryos = await readEvidence(folder);
  const passes = (kind: string) =>
    embryos.filter((e) => e.kind === kind).map(({ evidence }) => evidence !== null && isBlastocyst(evidence));
  const blastocysts = passes("blastocyst");
  const arrested = passes("arrested");
  return {
    blastocysts: blastocysts.length,
    falseRejections: blastocysts.filter((pass) => !pass).length,
    arrested: arrested.length,
    misses: arrested.filter((pass) => pass).length,
  };
}
