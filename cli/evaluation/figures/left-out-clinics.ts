import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { accuracy, type GradePair, meanSquaredError } from "../../../core/statistics/grade-statistics.ts";
import { type ByStructure, byStructure, type Measured, notMeasurable } from "../measured.ts";
import type { ModelKind } from "../paper.ts";
import { gradeBy, type JudgedEmbryo, judged, type ModelAnswers, type Subject } from "../subject.ts";
import { interval, type Resampling } from "./resampling.ts";

/** Networks of one recipe, each on the clinic that its training never saw. */
export interface LeftOutClinics {
  readonly name: string;
  readonly clinics: readonly LeftOutClinic[];
  /** All clinics' embryos together, each graded by the network that did not know its clinic. */
  readonly pooled: LeftOutFigures;
  /** The same recipe trained on all clinics, on the same embryos; null where no such network was given. */
  readonly allClinics: LeftOutFigures | null;
  /** Pooled minus all clinics, accuracy, paired. */
  readonly difference: ByStructure<Measured<Interval>> | null;
}

interface LeftOutClinic extends LeftOutFigures {
  readonly clinic: string;
}

interface LeftOutFigures {
  readonly embryos: ByStructure<number>;
  readonly accuracy: ByStructure<Measured<Interval>>;
  readonly mse: ByStructure<Measured<Interval>>;
}

/**
 * Leave-one-clinic-out, the paper's future work (Kragh et al. 2019, section 5).
 *
 * @param models all networks; those with `withoutClinic` are taken together by their recipe
 */
export function leftOutClinics(
  subjects: readonly Subject[],
  models: readonly ModelAnswers[],
  resampling: Resampling,
): LeftOutClinics[] {
  const withheld = models.filter(({ model }) => model.withoutClinic !== null);
  const recipes = [...new Set(withheld.map(({ model }) => recipeOf(model.kind)))];
  return recipes.map((recipe) => {
    const networks = withheld.filter(({ model }) => recipeOf(model.kind) === recipe);
    // The bundle's own network has the same name for its recipe and may have had more to learn from: no fair partner.
    const whole = models.find(
      ({ model }) => !model.served && model.withoutClinic === null && recipeOf(model.kind) === recipe,
    );
    return figuresOf(recipe, networks, whole ?? null, subjects, resampling);
  });
}

function figuresOf(
  recipe: string,
  networks: readonly ModelAnswers[],
  whole: ModelAnswers | null,
  subjects: readonly Subject[],
  resampling: Resampling,
): LeftOutClinics {
  const ofClinic = (answers: ModelAnswers) => subjects.filter(({ clinic }) => clinic === answers.model.withoutClinic);
  const pooledAnswers: ModelAnswers = {
    model: networks[0]!.model,
    scores: new Map(
      networks.flatMap((answers) =>
        ofClinic(answers).flatMap(({ embryoId }) => {
          const scores = answers.scores.get(embryoId);
          return scores === undefined ? [] : [[embryoId, scores] as const];
        }),
      ),
    ),
  };
  const pooledSubjects = networks.flatMap(ofClinic);
  return {
    name: recipe,
    clinics: networks.map((answers) => ({
      clinic: answers.model.withoutClinic!,
      ...leftOutFigures(ofClinic(answers), answers, resampling),
    })),
    pooled: leftOutFigures(pooledSubjects, pooledAnswers, resampling),
    allClinics: whole === null ? null : leftOutFigures(pooledSubjects, whole, resampling),
    difference: whole === null ? null : paired(pooledSubjects, pooledAnswers, whole, resampling),
  };
}

function leftOutFigures(subjects: readonly Subject[], answers: ModelAnswers, resampling: Resampling): LeftOutFigures {
  const embryos = byStructure((structure) => judged(subjects, answers, structure));
  const measure = (statistic: (pairs: readonly GradePair[]) => number) =>
    byStructure((structure) => measured(embryos[structure], statistic, resampling));
  return {
    embryos: byStructure((structure) => embryos[structure].length),
    accuracy: measure(accuracy),
    mse: measure(meanSquaredError),
  };
}

function measured(
  embryos: readonly JudgedEmbryo[],
  statistic: (pairs: readonly GradePair[]) => number,
  resampling: Resampling,
): Measured<Interval> {
  return embryos.length === 0
    ? notMeasurable("no embryo with a label and an answer")
    : interval(embryos, statistic, resampling);
}

function paired(subjects: readonly Subject[], ours: ModelAnswers, theirs: ModelAnswers, resampling: Resampling) {
  return byStructure((structure): Measured<Interval> => {
    const gains = subjects.flatMap(({ embryoId, cycleId, [structure]: truth }) => {
      const [a, b] = [gradeBy(ours, embryoId, structure), gradeBy(theirs, embryoId, structure)];
      if (truth === null || a === null || b === null) return [];
      return [{ cycleId, gain: Number(a === truth) - Number(b === truth) }];
    });
    if (gains.length === 0) return notMeasurable("no embryo that both answered for");
    return interval(gains, (cases) => cases.reduce((sum, { gain }) => sum + gain, 0) / cases.length, resampling);
  });
}

function recipeOf({ kind, moment, task, loss }: ModelKind): string {
  const sees = kind === "rnn" ? "RNN" : `CNN (${moment})`;
  const grades = task === "both" ? "" : `, ${task.toUpperCase()} alone`;
  return `${sees}${grades}, ${loss} loss`;
}
