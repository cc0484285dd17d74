import type { Interval } from "../../core/statistics/bootstrap.ts";
import { areaUnderCurve } from "../../core/statistics/roc.ts";
import { confusionWithMajority } from "../evaluation/figures/confusion.ts";
import { interval, type Resampling } from "../evaluation/figures/resampling.ts";
import { type ByStructure, byStructure, isMeasured } from "../evaluation/measured.ts";
import type { EvaluatedDataSet } from "../evaluation/prepared-data-set.ts";
import { servedPredictions } from "./served-predictions.ts";

/** What the evaluation of grades does not look at: single stills, and the pregnancy score of whole time-lapses. */
export interface ServedBranches {
  /** Share of served grades that are the majority's, of the centre plane at tMEB alone. */
  readonly stills: { readonly embryos: number; readonly accuracy: ByStructure<Interval | null> };
  /** Of embryos with a known outcome: area under the ROC curve, and the share whose map peaks on ICM or TE. */
  readonly pregnancy: { readonly embryos: number; readonly auroc: Interval; readonly onIcmOrTe: Interval } | null;
}

/** Sends the clips of a test through the model server, once as stills and once as they are. */
export async function servedBranches(
  bundleDir: string,
  test: EvaluatedDataSet,
  { threads, ...resampling }: Resampling & { readonly threads: number },
): Promise<ServedBranches> {
  const { predictions: ofStills } = await servedPredictions(bundleDir, test, { threads, asStills: true });
  const model = {
    name: "still",
    kind: { kind: "cnn", moment: "tMEB", task: "both", loss: "ordinal" },
    tables: [],
    withoutClinic: null,
    served: true,
  } as const;
  const scores = new Map(
    [...ofStills].map(([embryoId, { icm, te }]) => [embryoId, { icm: icm.probabilities, te: te.probabilities }]),
  );
  const accuracy = byStructure((structure) => {
    const figures = confusionWithMajority(test.embryos, { model, scores }, structure, resampling);
    return isMeasured(figures) ? figures.accuracy : null;
  });

  const { predictions } = await servedPredictions(bundleDir, test, { threads });
  const scored = test.embryos.flatMap(({ embryoId, cycleId, outcome }) => {
    const pregnancy = predictions.get(embryoId)?.pregnancy ?? null;
    if (pregnancy === null || outcome === null) return [];
    const { rawScore, focus } = pregnancy;
    return [{ cycleId, score: rawScore, positive: outcome === 1, isOnTissue: focus === "icm" || focus === "te" }];
  });
  return {
    stills: { embryos: ofStills.size, accuracy },
    pregnancy:
      scored.length === 0
        ? null
        : {
            embryos: scored.length,
            auroc: interval(scored, (some) => areaUnderCurve(some).area, resampling),
            onIcmOrTe: interval(
              scored,
              (some) => some.filter(({ isOnTissue }) => isOnTissue).length / some.length,
              resampling,
            ),
          },
  };
}
