import type { ClinicFigures } from "../figures/clinics.ts";
import type { LeftOutClinics } from "../figures/left-out-clinics.ts";
import { isMeasured, STRUCTURE_NAMES, STRUCTURES } from "../measured.ts";
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
  const shares = (values: readonly number[]) => html`${values.map((share) => Math.round(100 * share)).join(" / ")}`;
  const rows = clinics.flatMap(({ clinic, structures }) =>
    STRUCTURES.map((structure) => {
      const found = structures[structure];
      const name = html`${clinic}, ${STRUCTURE_NAMES[structure]}`;
      if (!isMeasured(found)) return [name, html`0`, ...Array(4).fill(unmeasured(found.notMeasurable))];
      return [
        name,
        html`${found.embryos}`,
        figure(found.accuracy, percent),
        figure(found.acDisagreement, percent),
        shares(found.labelShares),
        shares(found.answerShares),
      ];
    }),
  );
  return table(
    "The served way by clinic, against one annotator's label",
    [
      { title: "Clinic", words: true },
      { title: "Embryos" },
      { title: "Accuracy" },
      { title: "A/C disagreement" },
      { title: "A / B / C in the labels, %" },
      { title: "A / B / C in the answers, %" },
    ],
    rows,
  );
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
