import { readFile } from "node:fs/promises";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { type NetworkSession, openNetwork } from "../../adapters/onnx/network-session.ts";
import { CLIP_SIZE, FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import { GradeDistribution } from "../../core/contracts/grades.ts";
import type { PreparedEmbryo } from "../bundle/dataset-reader.ts";
import { readStill } from "../bundle/dataset-reader.ts";
import { MOMENTS, type Moment } from "../dataset/moments.ts";
import { type ByStructure, STRUCTURES, type Structure } from "./measured.ts";
import type { ComparisonNetwork } from "./networks.ts";
import { clipFile, type EvaluatedDataSet } from "./prepared-data-set.ts";
import type { ModelAnswers } from "./subject.ts";

/** Stills or frames in one call; memory grows with them. */
const BATCH = 10;
const FRAME_BYTES = 3 * CLIP_SIZE ** 2;

/** What a comparison network is run with. */
export interface RunOptions {
  readonly threads: number;
  /** Called with the name of each network once it is done. */
  readonly onDone: (name: string) => void;
}

/**
 * Runs comparison networks: CNNs on the unshifted stills of their moment, RNNs on their CNN's features of the clips, padded
 * with zeros at the end (Kragh et al. 2019, section 2.3).
 *
 * @throws BundleDamaged when a network has other inputs or outputs than its kind; ModelFailed
 */
export async function comparisonAnswers(
  networks: readonly ComparisonNetwork[],
  dataSet: EvaluatedDataSet,
  options: RunOptions,
): Promise<ModelAnswers[]> {
  const answers = new Map<ComparisonNetwork, ModelAnswers>();
  const cnns = networks.filter(({ features }) => features === null);
  for (const network of cnns) {
    answers.set(network, await stillAnswers(network, dataSet, options.threads));
    options.onDone(network.model.name);
  }
  const rnns = networks.filter(({ features }) => features !== null);
  for (const [, group] of Map.groupBy(rnns, ({ features }) => features!.file)) {
    const scores = await sequenceScores(group, dataSet, options.threads);
    for (const [n, network] of group.entries()) {
      answers.set(network, { model: network.model, scores: scores[n]! });
      options.onDone(network.model.name);
    }
  }
  return networks.map((network) => answers.get(network)!);
}

/** A CNN's own heads on the still of its moment, of the embryos that have it. */
export async function stillAnswers(
  { model, onnx }: Pick<ComparisonNetwork, "model" | "onnx">,
  { dir, embryos, manifest }: EvaluatedDataSet,
  threads: number,
): Promise<ModelAnswers> {
  const scores = new Map<string, ByStructure<GradeDistribution | null>>();
  const moment = MOMENTS.find((known) => known === model.kind.moment);
  if (moment === undefined)
    throw new Error(`"${model.name}" sees ${model.kind.moment}; known are ${MOMENTS.join(", ")}.`);
  // The data set may be one without this moment; the report then says that nothing could be counted.
  const having = manifest.moments[moment] === undefined ? [] : embryos.filter(({ moments }) => moments.has(moment));
  if (having.length === 0) return { model, scores };
  const heads = STRUCTURES.filter((structure) => model.kind.task === "both" || model.kind.task === structure);
  const session = await openNetwork(onnx, { name: model.name, inputs: ["frames"], outputs: heads }, { threads });
  try {
    for (let first = 0; first < having.length; first += BATCH) {
      const batch = having.slice(first, first + BATCH);
      const values = await stillsOf(dir, moment, batch);
      const shape = [batch.length, 3, CLIP_SIZE, CLIP_SIZE];
      const answer = await session.run({ frames: { type: "uint8", values, shape } }, heads);
      for (const [n, { embryoId }] of batch.entries()) scores.set(embryoId, distributions(model.name, answer, n));
    }
  } finally {
    await session.release();
  }
  return { model, scores };
}

async function stillsOf(dir: string, moment: Moment, embryos: readonly PreparedEmbryo[]): Promise<Uint8Array> {
  const values = new Uint8Array(embryos.length * FRAME_BYTES);
  for (const [n, { row }] of embryos.entries()) values.set(await readStill(dir, moment, row), n * FRAME_BYTES);
  return values;
}

/** Scores of RNNs that share a CNN: its features are what costs, and they are computed once. */
async function sequenceScores(
  networks: readonly ComparisonNetwork[],
  dataSet: EvaluatedDataSet,
  threads: number,
): Promise<Map<string, ByStructure<GradeDistribution | null>>[]> {
  const scores = networks.map(() => new Map<string, ByStructure<GradeDistribution | null>>());
  if (!dataSet.manifest.sequences) return scores;
  const { file, onnx } = networks[0]!.features!;
  const cnn = await openNetwork(onnx, { name: file, inputs: ["frames"], outputs: ["features"] }, { threads });
  const rnns: { session: NetworkSession; heads: readonly Structure[] }[] = [];
  try {
    for (const { model, onnx: bytes } of networks) {
      const heads = STRUCTURES.filter((structure) => model.kind.task === "both" || model.kind.task === structure);
      const signature = { name: model.name, inputs: ["features"], outputs: heads };
      rnns.push({ session: await openNetwork(bytes, signature, { threads }), heads });
    }
    for (const { embryoId } of dataSet.embryos) {
      const { frames, hpi } = npzClipFormat.decode(new Uint8Array(await readFile(clipFile(dataSet.dir, embryoId))));
      const values = await paddedFeatures(cnn, frames, hpi.length);
      const shape = [1, FRAMES_AT_MOST, values.length / FRAMES_AT_MOST];
      for (const [n, { session, heads }] of rnns.entries()) {
        const answer = await session.run({ features: { type: "float32", values, shape } }, heads);
        scores[n]!.set(embryoId, distributions(networks[n]!.model.name, answer, 0));
      }
    }
  } finally {
    for (const { session } of rnns) await session.release();
    await cnn.release();
  }
  return scores;
}

/** float32 [30, F], zeros after the last frame. */
async function paddedFeatures(cnn: NetworkSession, frames: Uint8Array, frameCount: number): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (let first = 0; first < frameCount; first += BATCH) {
    const count = Math.min(BATCH, frameCount - first);
    const values = frames.subarray(first * FRAME_BYTES, (first + count) * FRAME_BYTES);
    const shape = [count, 3, CLIP_SIZE, CLIP_SIZE];
    parts.push((await cnn.run({ frames: { type: "uint8", values, shape } }, ["features"])).features!);
  }
  const features = parts.reduce((sum, part) => sum + part.length, 0) / frameCount;
  const padded = new Float32Array(FRAMES_AT_MOST * features);
  let written = 0;
  for (const part of parts) {
    padded.set(part, written);
    written += part.length;
  }
  return padded;
}

/** Row `n` of each head; a head that there is not, is null. @throws Error when a row is no distribution */
function distributions(
  name: string,
  answer: Readonly<Record<string, Float32Array>>,
  n: number,
): ByStructure<GradeDistribution | null> {
  const of = (structure: Structure) => {
    const values = answer[structure];
    if (values === undefined) return null;
    const [A, B, C] = values.subarray(3 * n, 3 * n + 3);
    const parsed = GradeDistribution.safeParse({ A, B, C });
    if (!parsed.success)
      throw new Error(`"${name}" answered ${A}, ${B}, ${C} for ${structure}, which is no distribution.`);
    return parsed.data;
  };
  return { icm: of("icm"), te: of("te") };
}
