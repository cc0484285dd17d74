import { GRADES, type Grade } from "../../../core/contracts/grades.ts";
import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { accuracy, type GradePair, majorityVote, meanSquaredError } from "../../../core/statistics/grade-statistics.ts";
import {
  type ByStructure,
  byStructure,
  type Measured,
  notMeasurable,
  STRUCTURE_NAMES,
  type Structure,
} from "../measured.ts";
import { type ModelKind, type PaperFigures, paperFigures } from "../paper.ts";
import { gradeBy, judged, type ModelAnswers, type Subject } from "../subject.ts";
import { interval, type Resampling } from "./resampling.ts";

/** A row of Tables 3, 4 and 7. */
export interface ModelFigures {
  readonly name: string;
  readonly tables: readonly string[];
  readonly kind: ModelKind | null;
  readonly embryos: ByStructure<number>;
  readonly accuracy: ByStructure<Measured<Interval>>;
  readonly mse: ByStructure<Measured<Interval>>;
  readonly paper: PaperFigures | null;
}

/** One model minus another on the same embryos; above 0 is better for the accuracy, below 0 for the MSE. */
export interface Difference {
  readonly name: string;
  readonly table: string;
  readonly embryos: ByStructure<number>;
  readonly accuracy: ByStructure<Measured<Interval>>;
  readonly mse: ByStructure<Measured<Interval>>;
  readonly paper: PaperFigures | null;
}

interface Judgement {
  readonly cycleId: string;
  readonly ours: GradePair;
  readonly theirs: GradePair;
}

/** Accuracy and MSE of each model against one annotator's label, from its scores. Kragh et al. 2019, section 4.1. */
export function modelFigures(
  subjects: readonly Subject[],
  models: readonly ModelAnswers[],
  resampling: Resampling,
): ModelFigures[] {
  return models.map((answers) => {
    const { name, tables, kind } = answers.model;
    const embryos = byStructure((structure) => judged(subjects, answers, structure));
    const measure = (statistic: (pairs: readonly GradePair[]) => number) =>
      byStructure((structure) => {
        if (!gradesStructure(kind, structure))
          return notMeasurable(`it does not grade the ${STRUCTURE_NAMES[structure]}`);
        if (embryos[structure].length === 0) return notMeasurable(`no embryo with a label and an answer`);
        return interval(embryos[structure], statistic, resampling);
      });
    return {
      name,
      tables,
      kind,
      embryos: byStructure((structure) => embryos[structure].length),
      accuracy: measure(accuracy),
      mse: measure(meanSquaredError),
      // A network in none of the tables was trained in a way that the paper's figures do not speak of.
      paper: tables.length === 0 ? null : paperFigures(kind),
    };
  });
}

/** What always answering the most frequent label would score: the figure that a network has to pass. */
export function constantAnswer(subjects: readonly Subject[], resampling: Resampling): ModelFigures {
  const labelled = (structure: Structure) => {
    const labels = subjects.flatMap(({ cycleId, [structure]: truth }) => (truth === null ? [] : [{ cycleId, truth }]));
    const usual: Grade = majorityVote(labels.map(({ truth }) => truth));
    return labels.map((label) => ({ ...label, predicted: usual }));
  };
  const pairs = byStructure(labelled);
  const measure = (statistic: (pairs: readonly GradePair[]) => number) =>
    byStructure((structure) =>
      pairs[structure].length === 0
        ? notMeasurable("no embryo has a label")
        : interval(pairs[structure], statistic, resampling),
    );
  return {
    name: "Always the most frequent grade",
    tables: [],
    kind: null,
    embryos: byStructure((structure) => pairs[structure].length),
    accuracy: measure(accuracy),
    mse: measure(meanSquaredError),
    paper: null,
  };
}

/**
 * The differences that the paper's tables are there for: the RNN minus each CNN (Table 3), the multi-task networks minus
 * the single-task ones (Table 4), ordinal cross-entropy minus each other loss (Table 7).
 *
 * Paired: both models on the same embryos, so that a hard embryo weighs on both.
 */
export function modelDifferences(
  subjects: readonly Subject[],
  models: readonly ModelAnswers[],
  resampling: Resampling,
): Difference[] {
  const differences: Difference[] = [];
  const compared = models.filter(({ model }) => model.tables.length > 0);
  for (const ours of compared) {
    for (const theirs of compared) {
      const table = tableOfComparison(ours.model.kind, theirs.model.kind);
      if (table === null) continue;
      // Task and loss are compared between networks trained alike; the bundle's own may have had more to learn from.
      if (table !== "3" && ours.model.served && compared.some((other) => isCounterpart(other, ours))) continue;
      differences.push(difference(subjects, ours, theirs, table, resampling));
    }
  }
  return differences;
}

function isCounterpart(other: ModelAnswers, ours: ModelAnswers): boolean {
  const [a, b] = [other.model.kind, ours.model.kind];
  return !other.model.served && a.kind === b.kind && a.moment === b.moment && a.task === b.task && a.loss === b.loss;
}

function tableOfComparison(ours: ModelKind, theirs: ModelKind): string | null {
  const standard = ours.task === "both" && ours.loss === "ordinal";
  const atTA = ours.kind === "rnn" || ours.moment === "tA";
  if (!standard || !atTA) return null;
  if (ours.kind === "rnn" && theirs.kind === "cnn" && theirs.task === "both" && theirs.loss === "ordinal") return "3";
  if (ours.kind !== theirs.kind || ours.moment !== theirs.moment) return null;
  if (theirs.task !== "both" && theirs.loss === "ordinal") return "4";
  if (theirs.task === "both" && theirs.loss !== "ordinal") return "7";
  return null;
}

function difference(
  subjects: readonly Subject[],
  ours: ModelAnswers,
  theirs: ModelAnswers,
  table: string,
  resampling: Resampling,
): Difference {
  const both = byStructure((structure) =>
    subjects.flatMap(({ embryoId, cycleId, [structure]: truth }): Judgement[] => {
      const [a, b] = [gradeBy(ours, embryoId, structure), gradeBy(theirs, embryoId, structure)];
      if (truth === null || a === null || b === null) return [];
      return [{ cycleId, ours: { predicted: a, truth }, theirs: { predicted: b, truth } }];
    }),
  );
  const measure = (statistic: (pairs: readonly GradePair[]) => number) =>
    byStructure((structure) => {
      const unanswered = [ours.model, theirs.model].some(({ kind }) => !gradesStructure(kind, structure));
      if (unanswered) return notMeasurable(`one of them does not grade the ${STRUCTURE_NAMES[structure]}`);
      if (both[structure].length === 0) return notMeasurable("no embryo that both answered for");
      return interval(
        both[structure],
        (cases) => statistic(cases.map((one) => one.ours)) - statistic(cases.map((one) => one.theirs)),
        resampling,
      );
    });
  return {
    name: `${ours.model.name} − ${theirs.model.name}`,
    table,
    embryos: byStructure((structure) => both[structure].length),
    accuracy: measure(accuracy),
    mse: measure(meanSquaredError),
    paper: paperDifference(ours.model.kind, theirs.model.kind),
  };
}

function paperDifference(ours: ModelKind, theirs: ModelKind): PaperFigures | null {
  const [a, b] = [paperFigures(ours), paperFigures(theirs)];
  if (a === null || b === null) return null;
  const minus = (which: "accuracy" | "mse") =>
    byStructure((structure) => {
      const [x, y] = [a[which][structure], b[which][structure]];
      return x === null || y === null ? null : x - y;
    });
  return { accuracy: minus("accuracy"), mse: minus("mse") };
}

function gradesStructure({ task }: ModelKind, structure: Structure): boolean {
  return task === "both" || task === structure;
}

/** Shares of A, B and C, each 0 to 1. @param grades at least one */
export function gradeShares(grades: readonly Grade[]): number[] {
  return GRADES.map((grade) => grades.filter((one) => one === grade).length / grades.length);
}
