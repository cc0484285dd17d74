import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { mean } from "../../../core/statistics/grade-statistics.ts";
import {
  areaUnderCurve,
  compareAreas,
  type RocPoint,
  rocCurve,
  type ScoredCase,
} from "../../../core/statistics/roc.ts";
import { sampleSummary } from "../../../core/statistics/t-test.ts";
import { interval, type Resampling } from "../../evaluation/figures/resampling.ts";
import { type Measured, notMeasurable } from "../../evaluation/measured.ts";
import { PAPER_PERFORMANCE, type PaperPerformance } from "../kim-2024.ts";
import type { NetworkInput } from "../networks.ts";
import type { ScoredNetwork } from "../scoring.ts";
import { drawnProbability, type Transfer } from "../transfers.ts";
import { type InputPair, inputPairs, type NetworkKind } from "./network-kinds.ts";

/** From this raw score on a pregnancy is predicted, as in the paper. */
const THRESHOLD = 0.5;

export const MEASURES = ["auroc", "accuracy", "sensitivity", "specificity"] as const;
export type Measure = (typeof MEASURES)[number];

/** One network on the held-out embryos; each measure 0 to 1. */
export interface FoldPerformance extends Readonly<Record<Measure, number>> {
  /** The fold that it never saw. */
  readonly fold: number;
  readonly curve: readonly CurvePoint[];
}

type CurvePoint = Pick<RocPoint, "falsePositiveRate" | "truePositiveRate">;

/** Over the networks of all folds. */
export interface FoldMean {
  readonly mean: number;
  /** Of the sample, with n - 1; null for one network. */
  readonly standardDeviation: number | null;
}

/** A row of Table 2. */
export interface PerformanceRow extends Readonly<Record<Measure, FoldMean>> {
  readonly name: string;
  readonly input: NetworkInput;
  readonly folds: readonly FoldPerformance[];
  /** Of the mean AUROC, by other embryos; the standard deviation is by other trainings. */
  readonly aurocInterval: Interval;
  /** Mean AUROC minus that of the age alone, on the same embryos. */
  readonly aboveAge: Interval;
  readonly paper: PaperPerformance | null;
}

/** A network's enhanced minus plain. */
export interface Gain {
  readonly name: string;
  /** Of the mean AUROC over folds, with the paired interval. */
  readonly auroc: Interval;
  /** DeLong's test of each fold's two networks on the same embryos. */
  readonly deLong: readonly Measured<DeLong>[];
  readonly paper: number | null;
}

export interface DeLong {
  readonly fold: number;
  readonly difference: number;
  readonly z: number;
  /** Two-sided. */
  readonly p: number;
}

/** The mean AUROC of one network minus that of another, both on enhanced images where there are. */
export interface Lead {
  readonly name: string;
  readonly over: string;
  readonly auroc: Interval;
}

export interface PerformanceFigures {
  readonly heldOut: { readonly embryos: number; readonly positives: number; readonly cycles: number };
  readonly rows: readonly PerformanceRow[];
  readonly gains: readonly Gain[];
  /** Of ResNet50's enhanced images over the other networks'. */
  readonly leads: readonly Lead[];
  /** AUROC of the age alone, the younger the better. */
  readonly ageAlone: Interval & { readonly curve: readonly CurvePoint[] };
  /** AUROC of the probabilities that the outcomes were drawn with, which only phantoms have. */
  readonly bestAttainable: Measured<Interval>;
}

/** The paper's best. */
export const BEST_NETWORK = "resnet50";

/** @param heldOut embryos of both outcomes that no training saw, all with every network's answer */
export function performanceFigures(
  heldOut: readonly Transfer[],
  kinds: readonly NetworkKind[],
  resampling: Resampling,
): PerformanceFigures {
  return {
    heldOut: {
      embryos: heldOut.length,
      positives: heldOut.filter(({ positive }) => positive).length,
      cycles: new Set(heldOut.map(({ cycleId }) => cycleId)).size,
    },
    rows: kinds.map((kind) => performanceRow(heldOut, kind, resampling)),
    gains: inputPairs(kinds).map((pair) => gain(heldOut, pair, resampling)),
    leads: leads(heldOut, kinds, resampling),
    ageAlone: {
      ...interval(heldOut, areaByAge, resampling),
      curve: curveOf(byAge(heldOut)),
    },
    bestAttainable: bestAttainable(heldOut, resampling),
  };
}

/** What a network says of embryos, as cases of an ROC. @param transfers all with this network's answer */
export function scoresOf({ answers }: ScoredNetwork, transfers: readonly Transfer[]): ScoredCase[] {
  return transfers.map((one) => scored(one, answers.get(one.embryoId)!.rawScore));
}

function performanceRow(heldOut: readonly Transfer[], kind: NetworkKind, resampling: Resampling): PerformanceRow {
  const folds = kind.folds.map((network) => foldPerformance(heldOut, network));
  const overFolds = (measure: Measure) => over(folds.map((fold) => fold[measure]));
  const { name, network, input } = kind;
  return {
    name,
    input,
    folds,
    auroc: overFolds("auroc"),
    accuracy: overFolds("accuracy"),
    sensitivity: overFolds("sensitivity"),
    specificity: overFolds("specificity"),
    aurocInterval: interval(heldOut, (some) => meanArea(kind, some), resampling),
    aboveAge: interval(heldOut, (some) => meanArea(kind, some) - areaByAge(some), resampling),
    paper: PAPER_PERFORMANCE.find((row) => row.network === network && row.input === input) ?? null,
  };
}

function foldPerformance(heldOut: readonly Transfer[], network: ScoredNetwork): FoldPerformance {
  const cases = scoresOf(network, heldOut);
  const rightOf = (some: readonly ScoredCase[]) => mean(some.map((one) => (isRight(one) ? 1 : 0)));
  return {
    fold: network.model.fold,
    auroc: areaUnderCurve(cases).area,
    accuracy: rightOf(cases),
    sensitivity: rightOf(cases.filter(({ positive }) => positive)),
    specificity: rightOf(cases.filter(({ positive }) => !positive)),
    curve: curveOf(cases),
  };
}

/** Whether a raw score predicts what came. */
export function isRight({ score, positive }: ScoredCase): boolean {
  return score >= THRESHOLD === positive;
}

function gain(
  heldOut: readonly Transfer[],
  { name, network, enhanced, plain }: InputPair,
  resampling: Resampling,
): Gain {
  const printed = (input: NetworkInput) =>
    PAPER_PERFORMANCE.find((row) => row.network === network && row.input === input)?.auroc.mean;
  const [ofEnhanced, ofPlain] = [printed("enhanced"), printed("plain")];
  return {
    name,
    auroc: interval(heldOut, (some) => meanArea(enhanced, some) - meanArea(plain, some), resampling),
    deLong: enhanced.folds.flatMap((ours) => {
      const theirs = plain.folds.find(({ model }) => model.fold === ours.model.fold);
      return theirs === undefined ? [] : [deLongOf(heldOut, ours, theirs)];
    }),
    paper: ofEnhanced === undefined || ofPlain === undefined ? null : ofEnhanced - ofPlain,
  };
}

function deLongOf(heldOut: readonly Transfer[], enhanced: ScoredNetwork, plain: ScoredNetwork): Measured<DeLong> {
  const [first, second] = [scoresOf(enhanced, heldOut), scoresOf(plain, heldOut)];
  const { difference, z, p } = compareAreas(
    heldOut.map(({ positive }, n) => ({ first: first[n]!.score, second: second[n]!.score, positive })),
  );
  return Number.isFinite(z) && Number.isFinite(p)
    ? { fold: enhanced.model.fold, difference, z, p }
    : notMeasurable("it wants two embryos or more of each outcome, and areas that vary");
}

function leads(heldOut: readonly Transfer[], kinds: readonly NetworkKind[], resampling: Resampling): Lead[] {
  const enhanced = kinds.filter(({ input }) => input === "enhanced");
  const best = enhanced.find(({ network }) => network === BEST_NETWORK);
  if (best === undefined) return [];
  return enhanced
    .filter(({ network }) => network !== BEST_NETWORK)
    .map((other) => ({
      name: best.name,
      over: other.name,
      auroc: interval(heldOut, (some) => meanArea(best, some) - meanArea(other, some), resampling),
    }));
}

function bestAttainable(heldOut: readonly Transfer[], resampling: Resampling): Measured<Interval> {
  const drawn = new Map(heldOut.map((one) => [one.embryoId, drawnProbability(one)]));
  if ([...drawn.values()].includes(null)) return notMeasurable("these are not all phantoms of this generator");
  const cases = (some: readonly Transfer[]) => some.map((one) => scored(one, drawn.get(one.embryoId)!));
  return interval(heldOut, (some) => areaUnderCurve(cases(some)).area, resampling);
}

const scored = ({ positive }: Transfer, score: number): ScoredCase => ({ score, positive });

function meanArea({ folds }: NetworkKind, transfers: readonly Transfer[]): number {
  return mean(folds.map((network) => areaUnderCurve(scoresOf(network, transfers)).area));
}

function areaByAge(transfers: readonly Transfer[]): number {
  return areaUnderCurve(byAge(transfers)).area;
}

const byAge = (transfers: readonly Transfer[]): ScoredCase[] => transfers.map((one) => scored(one, -one.ageYears));

function curveOf(cases: readonly ScoredCase[]): CurvePoint[] {
  return rocCurve(cases).map(({ falsePositiveRate, truePositiveRate }) => ({ falsePositiveRate, truePositiveRate }));
}

function over(values: readonly number[]): FoldMean {
  return {
    mean: mean(values),
    standardDeviation: values.length < 2 ? null : sampleSummary(values).standardDeviation,
  };
}
