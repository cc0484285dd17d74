import type { PregnancyModel } from "../../cli/pregnancy/networks.ts";
import { type PregnancyReport, pregnancyReport, type ReportInputs } from "../../cli/pregnancy/report.ts";
import type { ScoredNetwork, SegmentedEmbryo } from "../../cli/pregnancy/scoring.ts";
import type { NetworkAnswer } from "../../cli/pregnancy/scoring-worker.ts";
import type { Transfer } from "../../cli/pregnancy/transfers.ts";
import { loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";
import { evaluatedEmbryo } from "./evaluation.ts";

export const RESAMPLING = { resamples: 40, seed: 1 };

/** A held-out embryo of a cycle of its own, from a woman of 35; positive unless told. */
export function transfer(embryoId: string, known: Partial<Transfer> = {}): Transfer {
  return {
    embryoId,
    cycleId: `cycle of ${embryoId}`,
    clinic: null,
    fold: null,
    ageYears: 35,
    positive: true,
    ...known,
  };
}

/** Held-out embryos, each of a cycle of its own: so many positives, then so many negatives. */
export function transfers(positives: number, negatives: number): Transfer[] {
  return Array.from({ length: positives + negatives }, (_, n) => transfer(`e${n}`, { positive: n < positives }));
}

type Answer = number | (Partial<NetworkAnswer> & { readonly rawScore: number });

/** A network with these answers by embryo; a bare number is a raw score with the focus on the ICM. ResNet50, enhanced, fold 0 unless told. */
export function scoredNetwork(
  answers: Readonly<Record<string, Answer>>,
  model: Partial<PregnancyModel> = {},
): ScoredNetwork {
  return {
    model: {
      ...{ name: "ResNet50", network: "resnet50", input: "enhanced", fold: 0 },
      ...{ served: false, sha256: "a".repeat(64), settings: {} },
      ...model,
    },
    answers: new Map(
      Object.entries(answers).map(([embryoId, answer]) => [
        embryoId,
        { focus: "icm", focusDistancePx: 0, ...(typeof answer === "number" ? { rawScore: answer } : answer) },
      ]),
    ),
  };
}

/** A network that gives every embryo what a function says. */
export function scoredBy(
  some: readonly Transfer[],
  answer: (one: Transfer, place: number) => Answer,
  model: Partial<PregnancyModel> = {},
): ScoredNetwork {
  return scoredNetwork(Object.fromEntries(some.map((one, place) => [one.embryoId, answer(one, place)])), model);
}

/** The report on a few embryos and what was answered for them, with the demo bundle. */
export async function pregnancyReportOn(
  some: readonly Transfer[],
  scored: readonly ScoredNetwork[],
  more: Partial<ReportInputs> & { readonly segmented?: readonly SegmentedEmbryo[] | null } = {},
): Promise<PregnancyReport> {
  return await pregnancyReport({
    bundle: await loadBundle(DEMO_BUNDLE),
    dataSet: {
      dir: "set",
      manifest: {
        ...{ schema: "blastograde/prepared@1", source: "phantoms", cropperSha256: "b".repeat(64) },
        ...{ moments: {}, sequences: true },
      },
      split: "all",
      embryos: some.map(({ embryoId, clinic }) => evaluatedEmbryo(embryoId, { clinic })),
      problems: [],
    },
    segmenter: new Uint8Array(1),
    transfers: some,
    leftOut: { withoutOutcome: 0, withoutAge: 0 },
    scored,
    segmented: null,
    resampling: RESAMPLING,
    ...more,
  });
}
