import type { Grade } from "../../core/contracts/grades.ts";
import { diceCoefficient } from "../../core/cropping/truth-mask.ts";
import type { PreparedEmbryo } from "../bundle/dataset-reader.ts";
import { inOrder } from "../dataset/ordered-workers.ts";
import { type ByStructure, byStructure } from "../evaluation/measured.ts";
import type { PregnancyModel, PregnancyNetwork } from "./networks.ts";
import type { NetworkAnswer, ScoredEmbryo, ScoringTask } from "./scoring-worker.ts";
import type { Transfer } from "./transfers.ts";
import type { TrueTissues } from "./true-tissues.ts";

/** A network with its answers for all embryos that it never saw, by their names: those held out, and those of its fold. */
export interface ScoredNetwork {
  readonly model: PregnancyModel;
  readonly answers: ReadonlyMap<string, NetworkAnswer>;
}

/** How well the tissues of a held-out embryo were found. */
export interface SegmentedEmbryo {
  readonly cycleId: string;
  /** One annotator's grades. */
  readonly grade: ByStructure<Grade | null>;
  readonly overlap: ByStructure<TissueOverlap>;
}

export interface TissueOverlap {
  /** Dice coefficient with the truth, 0 to 1; null where there is truly none of the tissue to be seen. */
  readonly dice: number | null;
  /** Whether any of it was found. */
  readonly found: boolean;
}

export interface Scoring {
  readonly dir: string;
  readonly embryos: readonly PreparedEmbryo[];
  readonly transfers: readonly Transfer[];
  /** Null where the data set does not say what is truly ICM and TE. */
  readonly truth: TrueTissues | null;
  /** Bytes of `segmenter.onnx`. */
  readonly segmenter: Uint8Array;
  readonly networks: readonly PregnancyNetwork[];
  readonly threads: number;
  readonly onProgress: (done: number, of: number) => void;
}

/**
 * Has every network score the embryos that it never saw, and compares the masks of the held-out ones with the truth.
 *
 * @throws ClipInvalid; what networks throw
 */
export async function scoreEmbryos(
  scoring: Scoring,
): Promise<{ readonly scored: ScoredNetwork[]; readonly segmented: SegmentedEmbryo[] | null }> {
  const { dir, embryos, transfers, truth, segmenter, networks, threads, onProgress } = scoring;
  const scoredBy = new Map(transfers.map(({ embryoId, fold }) => [embryoId, neverSaw(networks, fold)]));
  const byName = new Map(embryos.map((embryo) => [embryo.embryoId, embryo]));
  const asked = embryos.filter(({ embryoId, split }) => {
    return scoredBy.get(embryoId)?.length || (truth !== null && split === "test");
  });
  const answers = networks.map(() => new Map<string, NetworkAnswer>());
  const segmented: SegmentedEmbryo[] = [];
  let done = 0;
  const task: ScoringTask = { dir, segmenter, networks, scoredBy };
  const questions = asked.map(({ embryoId }) => embryoId);
  const worker = new URL("./scoring-worker.ts", import.meta.url);
  await inOrder<ScoringTask, ScoredEmbryo>(worker, task, questions, threads, async (scored) => {
    const embryo = byName.get(scored.embryoId)!;
    for (const [n, place] of (scoredBy.get(scored.embryoId) ?? []).entries()) {
      answers[place]!.set(scored.embryoId, scored.answers[n]!);
    }
    if (truth !== null && embryo.split === "test") segmented.push(compared(embryo, scored, truth));
    onProgress(++done, asked.length);
  });
  return {
    scored: networks.map(({ model }, place) => ({ model, answers: answers[place]! })),
    segmented: truth === null ? null : segmented,
  };
}

/** Places of the networks that an embryo was kept from. @param fold null for one that is held out of all */
function neverSaw(networks: readonly PregnancyNetwork[], fold: number | null): number[] {
  return [...networks.keys()].filter((place) => fold === null || networks[place]!.model.fold === fold);
}

function compared(embryo: PreparedEmbryo, { masks }: ScoredEmbryo, truth: TrueTissues): SegmentedEmbryo {
  const { cycleId, row, icm, te } = embryo;
  return {
    cycleId,
    grade: { icm, te },
    overlap: byStructure((tissue) => {
      const truly = truth.maskOf(row, tissue);
      return {
        dice: truly.includes(1) ? diceCoefficient(masks[tissue], truly) : null,
        found: masks[tissue].includes(1),
      };
    }),
  };
}
