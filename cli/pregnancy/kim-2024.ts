// What Kim et al. 2024 print, to be shown beside our own figures.
import type { SampleSummary } from "../../core/statistics/t-test.ts";

/** Women's ages, in years, of the embryos that came to no pregnancy and of those that did. */
export interface PaperAges {
  readonly laboratory: string;
  readonly negative: SampleSummary;
  readonly positive: SampleSummary;
  /** As printed: the paper does not say which t-test it is. */
  readonly p: string;
}

const age = (n: number, mean: number, standardDeviation: number): SampleSummary => ({ n, mean, standardDeviation });

/** Table 1. E is three small clinics together. */
export const PAPER_AGES: readonly PaperAges[] = [
  { laboratory: "Total", negative: age(1743, 36.2, 3.9), positive: age(812, 34.0, 3.1), p: "< 0.001" },
  { laboratory: "A", negative: age(931, 36.3, 4.0), positive: age(339, 33.4, 2.9), p: "< 0.001" },
  { laboratory: "B", negative: age(309, 35.8, 4.3), positive: age(216, 34.0, 3.2), p: "< 0.001" },
  { laboratory: "C", negative: age(325, 36.5, 3.1), positive: age(77, 34.7, 3.0), p: "< 0.001" },
  { laboratory: "D", negative: age(95, 36.6, 3.6), positive: age(136, 35.6, 2.9), p: "0.027" },
  { laboratory: "E", negative: age(83, 35.3, 4.3), positive: age(44, 33.5, 3.8), p: "0.023" },
];

/** Mean and standard deviation over the three folds. */
export interface OverFolds {
  readonly mean: number;
  readonly standardDeviation: number;
}

export interface PaperPerformance {
  readonly network: "vgg16" | "resnet50" | "densenet121";
  /** The paper's original image, or its reconstructed one. */
  readonly input: "plain" | "enhanced";
  readonly auroc: OverFolds;
  readonly accuracy: OverFolds;
  readonly sensitivity: OverFolds;
  readonly specificity: OverFolds;
}

const over = (mean: number, standardDeviation: number): OverFolds => ({ mean, standardDeviation });

/** Table 2. */
export const PAPER_PERFORMANCE: readonly PaperPerformance[] = [
  {
    network: "vgg16",
    input: "plain",
    auroc: over(0.663, 0.014),
    accuracy: over(0.652, 0.008),
    sensitivity: over(0.69, 0.048),
    specificity: over(0.636, 0.025),
  },
  {
    network: "resnet50",
    input: "plain",
    auroc: over(0.716, 0.019),
    accuracy: over(0.663, 0.012),
    sensitivity: over(0.705, 0.067),
    specificity: over(0.645, 0.02),
  },
  {
    network: "densenet121",
    input: "plain",
    auroc: over(0.653, 0.004),
    accuracy: over(0.663, 0.013),
    sensitivity: over(0.684, 0.049),
    specificity: over(0.654, 0.033),
  },
  {
    network: "vgg16",
    input: "enhanced",
    auroc: over(0.684, 0.013),
    accuracy: over(0.654, 0.005),
    sensitivity: over(0.76, 0.042),
    specificity: over(0.609, 0.02),
  },
  {
    network: "resnet50",
    input: "enhanced",
    auroc: over(0.741, 0.014),
    accuracy: over(0.682, 0.015),
    sensitivity: over(0.714, 0.042),
    specificity: over(0.669, 0.028),
  },
  {
    network: "densenet121",
    input: "enhanced",
    auroc: over(0.669, 0.004),
    accuracy: over(0.669, 0.024),
    sensitivity: over(0.694, 0.033),
    specificity: over(0.648, 0.032),
  },
];

/** Test cases by which of two networks was right, and how many of them had their Grad-CAM's focus on ICM or TE. */
export interface PaperFocus {
  readonly correct: "both" | "neither" | "plain only" | "enhanced only";
  readonly cases: number;
  readonly plainOnIcmOrTe: number;
  readonly enhancedOnIcmOrTe: number;
}

/** Table 3; all others had it elsewhere. */
export const PAPER_FOCUS: readonly PaperFocus[] = [
  { correct: "both", cases: 314, plainOnIcmOrTe: 270, enhancedOnIcmOrTe: 312 },
  { correct: "neither", cases: 106, plainOnIcmOrTe: 93, enhancedOnIcmOrTe: 102 },
  { correct: "plain only", cases: 35, plainOnIcmOrTe: 29, enhancedOnIcmOrTe: 35 },
  { correct: "enhanced only", cases: 57, plainOnIcmOrTe: 46, enhancedOnIcmOrTe: 57 },
];

/** Results: the best network before and after isotonic regression; Hosmer-Lemeshow's p as printed. */
export const PAPER_CALIBRATION = {
  before: { brier: 0.241, hosmerLemeshowP: "< 0.001" },
  after: { brier: 0.178, hosmerLemeshowP: "0.265" },
} as const;
