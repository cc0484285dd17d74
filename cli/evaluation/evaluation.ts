import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { hasOutputs } from "../../adapters/onnx/network-session.ts";
import { DEMO_NOTICE } from "../../core/contracts/bundle.ts";
import type { Prediction } from "../../core/contracts/prediction.ts";
import { type LoadedBundle, loadBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";
import { servedPredictions } from "../bundle/served-predictions.ts";
import { comparisonAnswers, stillAnswers } from "./comparison.ts";
import { evaluationReport } from "./evaluation-report.ts";
import { SHORTENED_TO } from "./figures/short-sequences.ts";
import { measureTiming } from "./figures/timing.ts";
import { STRUCTURES } from "./measured.ts";
import { type ComparisonNetwork, flatSettings } from "./networks.ts";
import type { EvaluatedDataSet } from "./prepared-data-set.ts";
import type { EvaluationReport, Settings } from "./report.ts";
import { servedAnswers } from "./served-answers.ts";
import type { EvaluatedModel, ModelAnswers } from "./subject.ts";

export interface EvaluationOptions {
  readonly bundleDir: string;
  readonly dataSet: EvaluatedDataSet;
  readonly networks: readonly ComparisonNetwork[];
  readonly resamples: number;
  readonly leaveOneClinicOut: boolean;
  /** Whether short sequences are tried too; each length sends every clip through the server once more. */
  readonly byFrames: boolean;
  readonly threads: number;
  /** What the bundle was trained with; null where its `metrics.json` is to say it. */
  readonly recipe: Settings | null;
  /** Told what is being done, for whoever waits. */
  readonly onProgress: (sentence: string) => void;
}

/** A report, and the answers that it was made from. */
export interface Evaluation {
  readonly report: EvaluationReport;
  readonly served: ReadonlyMap<string, Prediction>;
  /** The served way first, then the bundle's CNN, then the comparison networks. */
  readonly models: readonly ModelAnswers[];
}

/** The bundle's CNN by itself, with the heads that it was trained with. */
const BUNDLE_CNN: EvaluatedModel = {
  name: "CNN (t=tA), the bundle's",
  kind: { kind: "cnn", moment: "tA", task: "both", loss: "ordinal" },
  tables: ["3", "4", "7"],
  withoutClinic: null,
  served: true,
};

/**
 * Sends a data set through the model server and every comparison network, and measures the answers.
 *
 * @throws BundleDamaged that names the file whose digest changed; Error with a sentence about what is missing
 */
export async function evaluate(options: EvaluationOptions): Promise<Evaluation> {
  const { bundleDir, dataSet, networks, threads, resamples, onProgress } = options;
  const bundle = await loadBundle(bundleDir);

  const serve = async (what: string, some: EvaluatedDataSet, lastFrames?: number) => {
    const total = some.embryos.length;
    return await servedPredictions(bundleDir, some, {
      threads,
      ...(lastFrames === undefined ? {} : { lastFrames }),
      onAnswer: (n) => n % Math.ceil(total / 5) === 0 && onProgress(`${what}: ${n} of ${total} embryos`),
    });
  };
  const { predictions, refused } = await serve("served", dataSet);
  const answered = { ...dataSet, embryos: dataSet.embryos.filter(({ embryoId }) => predictions.has(embryoId)) };

  const models = [
    servedAnswers(predictions),
    ...(await bundleCnnAnswers(bundle, networks, answered, threads)),
    ...(await comparisonAnswers(networks, answered, { threads, onDone: onProgress })),
  ];
  const shortened: [frames: number, predictions: ReadonlyMap<string, Prediction>][] = [];
  for (const frames of options.byFrames ? SHORTENED_TO : []) {
    shortened.push([frames, (await serve(`last ${frames} frames`, answered, frames)).predictions]);
  }
  const timing = await measureTiming(bundle, threads);

  const { name, modelSha256, demo } = bundle.manifest;
  const recipe = options.recipe ?? (await bundleRecipe(bundleDir));
  const report = evaluationReport({
    bundle: { name, modelSha256, demo, notice: demo ? DEMO_NOTICE : null, recipe },
    dataSet,
    refused,
    served: predictions,
    models,
    networks,
    shortened: options.byFrames ? shortened : null,
    timing,
    resampling: { resamples },
    leaveOneClinicOut: options.leaveOneClinicOut,
  });
  return { report, served: predictions, models };
}

/** @throws Error which tells how to train what leave-one-clinic-out wants, where no network is of that kind */
export function requireLeftOutClinics(networks: readonly ComparisonNetwork[]): void {
  if (networks.every(({ model }) => model.withoutClinic === null)) {
    throw new Error(
      "--leave-one-clinic-out wants networks that were each trained without one clinic, and there are none. Train one a " +
        "clinic with `npm run train -- cnn --without-clinic NAME --out runs/.../cnn-without-NAME ...`, export them with " +
        "`export.py networks`, and name their folder with --networks.",
    );
  }
}

/** Nothing where the data set has no stills at tA, where the CNN has no heads, or where it is among the others anyway. */
async function bundleCnnAnswers(
  bundle: LoadedBundle,
  networks: readonly ComparisonNetwork[],
  dataSet: EvaluatedDataSet,
  threads: number,
): Promise<ModelAnswers[]> {
  const { sha256 } = bundle.manifest.networks.cnn;
  if (dataSet.manifest.moments.tA === undefined || networks.some((network) => network.sha256 === sha256)) return [];
  const onnx = await readNetwork(bundle, "cnn");
  if (!(await hasOutputs(onnx, STRUCTURES))) return [];
  return [await stillAnswers({ model: BUNDLE_CNN, onnx }, dataSet, threads)];
}

/** What the bundle's `metrics.json` says it was trained with; nothing where there is none. */
async function bundleRecipe(bundleDir: string): Promise<Settings> {
  const Metrics = z.object({ recipe: z.record(z.string(), z.unknown()) });
  try {
    return flatSettings(Metrics.parse(JSON.parse(await readFile(join(bundleDir, "metrics.json"), "utf8"))).recipe);
  } catch {
    // A bundle may come without metrics; its digest was verified, so that they are not damaged but not ours.
    return {};
  }
}
