import type { Interval } from "../../../core/statistics/bootstrap.ts";
import { isMeasured, type Measured, STRUCTURE_NAMES, STRUCTURES } from "../measured.ts";
import { PAPER_AC_DISAGREEMENT, PAPER_HUMAN_AGREEMENT, PAPER_NETWORK_AGREEMENT, paperFigures } from "../paper.ts";
import type { EvaluationReport, Settings } from "../report.ts";
import { clinicsSection } from "./clinics-section.ts";
import { html, Markup, NOTHING } from "./html.ts";
import { humansSection } from "./humans-section.ts";
import { modelsSection } from "./models-section.ts";
import { framesSection, outcomeSection, probabilitiesSection, timingSection } from "./probabilities-section.ts";
import { STYLE } from "./style.ts";
import { counted, figure, paperFigure, percent, table, unmeasured } from "./words.ts";

/**
 * The evaluation as one page that needs nothing else: no script, no font, no picture from elsewhere.
 *
 * @returns well-formed HTML
 */
export function reportPage(report: EvaluationReport): string {
  const { bundle, dataSet } = report;
  const page = html`<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>Blastograde: ${bundle.name} on ${dataSet.source}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<h1>Evaluation of the model bundle ${bundle.name}</h1>
<p class="lead">On ${counted(dataSet.answered, "embryo")} of ${dataSet.source}, through the model server as it answers in service.</p>
${bundle.notice === null ? NOTHING : html`<p class="notice">${bundle.notice}</p>`}
${glance(report)}
${subject(report)}
${modelsSection(report)}
${humansSection(report)}
${probabilitiesSection(report)}
${outcomeSection(report)}
${clinicsSection(report)}
${framesSection(report)}
${timingSection(report)}
${method(report)}
</body>
</html>
`;
  return `<!DOCTYPE html>\n${page.text}`;
}

function glance(report: EvaluationReport): Markup {
  const served = report.models[0]!;
  const rows = STRUCTURES.flatMap((structure) => {
    const name = STRUCTURE_NAMES[structure];
    const paper = served.kind === null ? null : paperFigures(served.kind);
    // The paper's figures are of the scores; what a clinic is shown is the served grade.
    const both = <Figures extends object>(
      found: (figures: EvaluationReport["byScores"]) => Measured<Figures>,
      of: (figures: Figures) => Interval,
    ) =>
      [report.byScores, report.byServedGrade].map((figures) => {
        const measured = found(figures);
        return isMeasured(measured) ? figure(of(measured), percent) : unmeasured(measured.notMeasurable);
      });
    return [
      [
        html`${name}: agrees with one annotator`,
        ...both(
          ({ annotator }) => annotator[structure],
          ({ accuracy }) => accuracy,
        ),
        paperFigure(paper?.accuracy[structure], percent),
      ],
      [
        html`${name}: agrees with the majority of the annotators (Eq. 5)`,
        ...both(
          ({ agreement }) => agreement[structure],
          ({ network }) => network,
        ),
        paperFigure(PAPER_NETWORK_AGREEMENT[structure], percent),
      ],
      [
        html`${name}: an annotator agrees with the majority of the others (Eq. 4)`,
        ...both(
          ({ agreement }) => agreement[structure],
          ({ human }) => human,
        ),
        paperFigure(PAPER_HUMAN_AGREEMENT[structure], percent),
      ],
      [
        html`${name}: A for C, or C for A`,
        ...both(
          ({ annotator }) => annotator[structure],
          ({ acDisagreement }) => acDisagreement,
        ),
        paperFigure(PAPER_AC_DISAGREEMENT[structure], percent),
      ],
    ];
  });
  return table(
    "At a glance",
    [
      { title: "The served network", words: true },
      { title: "By its scores, as the paper" },
      { title: "By the served grade" },
      { title: html`<span class="paper">paper</span>` },
    ],
    rows,
    "The served grade is the most probable one after the grade calibrator.",
  );
}

function subject(report: EvaluationReport): Markup {
  const { bundle, dataSet, notEvaluated, networks } = report;
  const graded = STRUCTURES.map((structure) => `${STRUCTURE_NAMES[structure]} ${dataSet.labelled[structure]}`).join(
    ", ",
  );
  const voted = STRUCTURES.map((structure) => `${STRUCTURE_NAMES[structure]} ${dataSet.voted[structure]}`).join(", ");
  const clinics = dataSet.clinics.length === 0 ? "not named" : dataSet.clinics.join(", ");
  const rejected =
    notEvaluated.length === 0
      ? html`<p>Nothing of the data set was left out.</p>`
      : table(
          "Left out, and remarks on what was used",
          [
            { title: "Code", words: true },
            { title: "", words: true },
            { title: "Count" },
            { title: "For instance", words: true },
          ],
          notEvaluated.map(({ code, leftOut, count, example }) => [
            html`${code}`,
            html`${leftOut ? "embryos left out" : "remarks"}`,
            html`${count}`,
            html`${example}`,
          ]),
          dataSet.split === "all"
            ? undefined
            : "An embryo that was left out in the preparation has no split: all of them are here.",
        );
  return html`<h2>What was evaluated</h2>
<dl>
<dt>Bundle</dt><dd>${bundle.name}${bundle.demo ? " (demo)" : ""}</dd>
<dt>Digest</dt><dd class="digest">${bundle.modelSha256}</dd>
<dt>Trained with</dt><dd>${settingsText(bundle.recipe)}</dd>
<dt>Data set</dt><dd>${dataSet.source}, split ${dataSet.split}: ${counted(dataSet.embryos, "embryo")} of ${counted(dataSet.cycles, "cycle")}, ${dataSet.answered} answered</dd>
<dt>Labels</dt><dd>${graded}; with two votes or more: ${voted}; with a known outcome: ${dataSet.outcomes}</dd>
<dt>Clinics</dt><dd>${clinics}</dd>
</dl>
${dataSet.stillsOnly ? html`<p>The data set has single stills and no sequences: each was served as a sequence of one frame, for which the RNN was not made.</p>` : NOTHING}${rejected}
${networks.length === 0 ? html`<p class="note">No comparison networks were given (<code>--networks</code>): the tables below hold the bundle's own.</p>` : networkTable(networks)}`;
}

function networkTable(networks: EvaluationReport["networks"]): Markup {
  return table(
    "Comparison networks",
    [
      { title: "Name", words: true },
      { title: "Trained with", words: true },
      { title: "SHA-256", words: true },
    ],
    networks.map(({ name, sha256, settings }) => [
      html`${name}`,
      html`${settingsText(settings)}`,
      html`<span class="digest">${sha256.slice(0, 16)}…</span>`,
    ]),
  );
}

function settingsText(settings: Settings): string {
  const entries = Object.entries(settings).filter(([, value]) => value !== null);
  return entries.length === 0 ? "not said" : entries.map(([name, value]) => `${inWords(name)} ${value}`).join(", ");
}

/** "cropperPictures" and "without_clinic" as words. */
function inWords(name: string): string {
  return name
    .replaceAll(/[_-]/g, " ")
    .replaceAll(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
}

/** A percentile bootstrap over fewer clusters covers far less than it says. */
const CYCLES_ENOUGH = 20;

function method({ resamples, dataSet }: EvaluationReport): Markup {
  return html`<h2>How this was measured</h2>
<p>Every embryo's clip went through the model server, whose bundle was verified file by file before it answered. Grades are
the most probable class of the scores; a tie goes to the better grade. Intervals hold 95 % of ${counted(resamples, "bootstrap resample")} of whole
cycles, because embryos of one woman are alike; a difference is taken on the same embryos in each resample. A grade is one
annotator's word unless a vote is named.</p>
${
  dataSet.cycles >= CYCLES_ENOUGH
    ? NOTHING
    : html`<p class="notice">Only ${counted(dataSet.cycles, "cycle")}: with fewer than ${CYCLES_ENOUGH} to draw from, these intervals are too narrow to lean on.</p>`
}
<p class="note">Cropper <span class="digest">${dataSet.cropperSha256}</span>. All numbers are in report.json beside this page, each embryo's scores in predictions.csv.
The paper: M. F. Kragh, J. Rimestad, J. Berntsen and H. Karstoft, Automatic grading of human blastocysts from time-lapse imaging, Computers in Biology and Medicine 115 (2019) 103494.</p>`;
}
