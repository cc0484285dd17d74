import { CLIP_SIZE } from "../../../core/contracts/clip.ts";
import { ATTENTION_SIZE, type Focus } from "../../../core/contracts/prediction.ts";
import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { mean } from "../../../core/statistics/grade-statistics.ts";
import { interval, type Resampling } from "../../evaluation/figures/resampling.ts";
import { type Measured, notMeasurable } from "../../evaluation/measured.ts";
import { PAPER_FOCUS, type PaperFocus } from "../kim-2024.ts";
import type { NetworkInput } from "../networks.ts";
import type { ScoredNetwork } from "../scoring.ts";
import type { NetworkAnswer } from "../scoring-worker.ts";
import type { Transfer } from "../transfers.ts";
import { type InputPair, inputPairs, type NetworkKind } from "./network-kinds.ts";
import { BEST_NETWORK, isRight, scoresOf } from "./performance.ts";

/** A map of cells says no more than this about where it peaks. */
const HALF_CELL_PX = CLIP_SIZE / ATTENTION_SIZE / 2;

/** Embryos by what the Grad-CAM map peaks on; `none` where it is zero everywhere. */
export type FocusCounts = Readonly<Record<Focus, number>>;

/** A row of Table 3: embryos by which of the two networks was right. */
export interface FocusRow {
  readonly correct: PaperFocus["correct"] | "total";
  readonly cases: number;
  readonly focus: Readonly<Record<NetworkInput, FocusCounts>>;
  readonly paper: Omit<PaperFocus, "correct">;
}

/** Table 3 of one enhanced and one plain network of the same fold. */
export interface FocusTable {
  readonly name: string;
  readonly fold: number;
  readonly rows: readonly FocusRow[];
}

/** How often a network's maps peak on ICM or TE. */
export interface FocusShare {
  readonly name: string;
  readonly input: NetworkInput;
  /** Over all folds: each embryo counts once a fold. */
  readonly counts: FocusCounts;
  /** Share of the embryos whose map peaks on ICM or TE, mean over the folds. 0 to 1 */
  readonly onIcmOrTe: Interval;
  /** Share of those whose map peaks on one or within half a cell of it, likewise. */
  readonly withinHalfCell: Interval;
}

/** The shares of a network's enhanced images minus those of its plain ones, mean over the folds. */
export interface FocusGain {
  readonly name: string;
  readonly onIcmOrTe: Interval;
  readonly withinHalfCell: Interval;
}

export interface FocusFigures {
  readonly table: Measured<FocusTable>;
  readonly shares: readonly FocusShare[];
  readonly gains: readonly FocusGain[];
}

/** @param heldOut embryos that no training saw, all with every network's answer */
export function focusFigures(
  heldOut: readonly Transfer[],
  kinds: readonly NetworkKind[],
  resampling: Resampling,
): FocusFigures {
  const pairs = inputPairs(kinds);
  const pair = pairs.find(({ network }) => network === BEST_NETWORK) ?? pairs[0];
  return {
    table:
      pair === undefined
        ? notMeasurable("it wants a network of enhanced and one of plain images")
        : focusTable(heldOut, pair),
    shares: kinds.map((kind) => ({
      name: kind.name,
      input: kind.input,
      counts: counted(kind.folds.flatMap(({ answers }) => heldOut.map(({ embryoId }) => answers.get(embryoId)!.focus))),
      onIcmOrTe: interval(heldOut, (some) => shareOf(isOnTissue, kind, some), resampling),
      withinHalfCell: interval(heldOut, (some) => shareOf(isWithinHalfCell, kind, some), resampling),
    })),
    gains: pairs.map(({ name, enhanced, plain }) => {
      const gain = (counts: (answer: NetworkAnswer) => boolean) =>
        interval(heldOut, (some) => shareOf(counts, enhanced, some) - shareOf(counts, plain, some), resampling);
      return { name, onIcmOrTe: gain(isOnTissue), withinHalfCell: gain(isWithinHalfCell) };
    }),
  };
}

/** Maps on ICM or TE. */
export const onIcmOrTe = ({ icm, te }: FocusCounts): number => icm + te;

function focusTable(heldOut: readonly Transfer[], { name, enhanced, plain }: InputPair): FocusTable {
  const networks = { enhanced: enhanced.folds[0]!, plain: plain.folds[0]! };
  const right = (network: ScoredNetwork) => scoresOf(network, heldOut).map(isRight);
  const [byEnhanced, byPlain] = [right(networks.enhanced), right(networks.plain)];
  const isOf: Readonly<Record<PaperFocus["correct"], (place: number) => boolean>> = {
    both: (place) => byEnhanced[place]! && byPlain[place]!,
    neither: (place) => !byEnhanced[place]! && !byPlain[place]!,
    "plain only": (place) => !byEnhanced[place]! && byPlain[place]!,
    "enhanced only": (place) => byEnhanced[place]! && !byPlain[place]!,
  };
  const row = (correct: FocusRow["correct"], some: readonly Transfer[], paper: FocusRow["paper"]): FocusRow => {
    const of = (input: NetworkInput) => counted(some.map((one) => networks[input].answers.get(one.embryoId)!.focus));
    return { correct, cases: some.length, focus: { enhanced: of("enhanced"), plain: of("plain") }, paper };
  };
  const groups = PAPER_FOCUS.map(({ correct, ...paper }) =>
    row(
      correct,
      heldOut.filter((_, place) => isOf[correct](place)),
      paper,
    ),
  );
  return { name, fold: networks.enhanced.model.fold, rows: [...groups, row("total", heldOut, paperTotal())] };
}

function paperTotal(): FocusRow["paper"] {
  const sum = (column: keyof FocusRow["paper"]) => PAPER_FOCUS.reduce((total, row) => total + row[column], 0);
  return {
    cases: sum("cases"),
    plainOnIcmOrTe: sum("plainOnIcmOrTe"),
    enhancedOnIcmOrTe: sum("enhancedOnIcmOrTe"),
  };
}

function counted(all: readonly Focus[]): FocusCounts {
  const count = (focus: Focus) => all.filter((one) => one === focus).length;
  return { icm: count("icm"), te: count("te"), other: count("other"), none: count("none") };
}

const isOnTissue = ({ focus }: NetworkAnswer): boolean => focus === "icm" || focus === "te";

const isWithinHalfCell = ({ focusDistancePx }: NetworkAnswer): boolean =>
  focusDistancePx !== null && focusDistancePx <= HALF_CELL_PX;

function shareOf(
  counts: (answer: NetworkAnswer) => boolean,
  { folds }: NetworkKind,
  transfers: readonly Transfer[],
): number {
  const share = ({ answers }: ScoredNetwork) =>
    mean(transfers.map(({ embryoId }) => (counts(answers.get(embryoId)!) ? 1 : 0)));
  return mean(folds.map(share));
}
