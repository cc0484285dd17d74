import type { Interval } from "../../../core/statistics/bootstrap.ts";
import type { ClinicFigures } from "../figures/clinics.ts";
import type { LeftOutClinics } from "../figures/left-out-clinics.ts";
import { isMeasured, type Measured, STRUCTURE_NAMES, STRUCTURES, type Structure } from "../measured.ts";
import type { EvaluationReport } from "../report.ts";
import { html, joined, type Markup, NOTHING } from "./html.ts";
import { decimal, figure, percent, points, table, unmeasured } from "./words.ts";

/** Each clinic by itself, and each clinic by a network that never saw it. */
export function clinicsSection(report: EvaluationReport): Markup {
  const { clinics, leftOutClinics, dataSet } = report;
  if (clinics.length === 0 && leftOutClinics === null) {
    const one = dataSet.clinics.length === 1 ? "All embryos are from one clinic." : "The data set names no clinics.";
    return html`<h2>Clinics</h2><p>${one}</p>`;
  }
  return html`<h2>Clinics</h2>
${clinics.length === 0 ? NOTHING : byClinic(clinics)}${
  leftOutClinics === null
    ? NOTHING
    : html`<h3>Leave one clinic out</h3>
<p>Each network was trained without one clinic and is tried on that clinic alone; "pooled" takes all these embryos together.
The paper leaves this to future work.</p>
${joined(leftOutClinics.map(leftOut))}`
}`;
}

function byClinic(clinics: readonly ClinicFigures[]): Markup {
  const rows = (cells: (clinic: ClinicFigures, structure: Structure) => Markup[]) =>
    clinics.flatMap((clinic) =>
      STRUCTURES.map((structure) => [
        html`${clinic.clinic}, ${STRUCTURE_NAMES[structure]}`,
        html`${clinic.models[0]!.embryos[structure]}`,
        ...cells(clinic, structure),
      ]),
    );
  const first = [{ title: "Clinic", words: true }, { title: "Embryos" }];
  return html`${table(
    "The served way by clinic, against one annotator's label",
    [
      ...first,
      { title: "Accuracy by the scores" },
      { title: "by the served grade" },
      { title: "MSE" },
      { title: "A/C, served grade" },
      { title: "A / B / C in the labels, %" },
      { title: "in the answers, %" },
    ],
    rows(labelCells),
  )}${table(
    "The served way by clinic, against votes and outcomes",
    [
      ...first,
      { title: "Annotators (Eq. 4)" },
      { title: "Served grade (Eq. 5)" },
      { title: "Log-loss of the votes" },
      { title: "AUC over the quality groups" },
    ],
    rows(voteCells),
    "Every figure of each clinic, of every network too, is in report.json.",
  )}`;
}

function labelCells({ models, byScores, byServedGrade, shares }: ClinicFigures, structure: Structure): Markup[] {
  const mix = (which: "labels" | "answers") => {
    const found = shares[structure];
    if (!isMeasured(found)) return unmeasured(found.notMeasurable);
    return html`${found[which].map((share) => Math.round(100 * share)).join(" / ")}`;
  };
  return [
    of(byScores.annotator[structure], ({ accuracy }) => accuracy, percent),
    of(byServedGrade.annotator[structure], ({ accuracy }) => accuracy, percent),
    figure(models[0]!.mse[structure], decimal),
    of(byServedGrade.annotator[structure], ({ acDisagreement }) => acDisagreement, percent),
    mix("labels"),
    mix("answers"),
  ];
}

function voteCells({ byServedGrade, calibration, outcome }: ClinicFigures, structure: Structure): Markup[] {
  const agreement = byServedGrade.agreement[structure];
  return [
    of(agreement, ({ human }) => human, percent),
    of(agreement, ({ network }) => network, percent),
    of(calibration[structure], ({ probabilities }) => probabilities.logLoss, decimal),
    of(outcome, ({ network }) => network.auc, decimal),
  ];
}

function of<Figures extends object>(
  measured: Measured<Figures>,
  interval: (figures: Figures) => Interval,
  format: (value: number) => string,
): Markup {
  return isMeasured(measured) ? figure(interval(measured), format) : unmeasured(measured.notMeasurable);
}

function leftOut({ name, clinics, pooled, allClinics, difference }: LeftOutClinics): Markup {
  const row = (title: string, figures: LeftOutClinics["pooled"]) => [
    html`${title}`,
    html`${STRUCTURES.map((structure) => figures.embryos[structure]).join(", ")}`,
    ...STRUCTURES.map((structure) => figure(figures.accuracy[structure], percent)),
    ...STRUCTURES.map((structure) => figure(figures.mse[structure], decimal)),
  ];
  const rows = [
    ...clinics.map((figures) => row(`${figures.clinic}, by a network that never saw it`, figures)),
    row("pooled", pooled),
    ...(allClinics === null ? [] : [row("the same embryos, by the network trained on all clinics", allClinics)]),
    ...(difference === null
      ? []
      : [
          [
            html`pooled − all clinics, accuracy in points, paired`,
            NOTHING,
            ...STRUCTURES.map((structure) => figure(difference[structure], points)),
            NOTHING,
            NOTHING,
          ],
        ]),
  ];
  return table(
    name,
    [
      { title: "Clinic", words: true },
      { title: "Embryos (ICM, TE)" },
      { title: "ICM accuracy" },
      { title: "TE accuracy" },
      { title: "ICM MSE" },
      { title: "TE MSE" },
    ],
    rows,
  );
}
