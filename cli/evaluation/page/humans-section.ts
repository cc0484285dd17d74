import { GRADES } from "../../../core/contracts/grades.ts";
import type { Confusion } from "../figures/confusion.ts";
import { type ByStructure, isMeasured, STRUCTURE_NAMES, STRUCTURES, type Structure } from "../measured.ts";
import {
  PAPER_AC_DISAGREEMENT,
  PAPER_HUMAN_AGREEMENT,
  PAPER_MAJORITY_ACCURACY,
  PAPER_NETWORK_AGREEMENT,
} from "../paper.ts";
import type { EvaluationReport } from "../report.ts";
import { html, type Markup, NOTHING } from "./html.ts";
import { counted, decimal, figure, paperFigure, percent, points, table as tableOf, unmeasured } from "./words.ts";

const PAPER: Readonly<Record<"annotator" | "majority", Partial<Record<"accuracy" | "ac", ByStructure<number>>>>> = {
  annotator: { ac: PAPER_AC_DISAGREEMENT },
  majority: { accuracy: PAPER_MAJORITY_ACCURACY },
};

/** The two ways to a grade, and what the page calls them. */
const WAYS = [
  { name: "scores", figures: "byScores" },
  { name: "served grade", figures: "byServedGrade" },
] as const;

/** Each structure by each way, one row of a table each. */
const ROWS = STRUCTURES.flatMap((structure) => WAYS.map((way) => ({ structure, ...way })));

/** The network beside its annotators: Tables 5 and 6, Eq. 4 and 5, kappa. */
export function humansSection(report: EvaluationReport): Markup {
  return html`<h2>Network and embryologists</h2>
<p>By its scores the network is judged as in the paper. By the served grade it is judged as a clinic reads it: the most
probable grade after the grade calibrator.</p>
<h3>Confusion with one annotator's label (Table 5)</h3>
${confusions(report, "annotator", "label")}
<h3>Confusion with the majority of the votes (Table 6)</h3>
${confusions(report, "majority", "majority")}
<h3>Does the network agree with the majority as often as its annotators do? (Eq. 4 and 5)</h3>
${agreement(report)}`;
}

function confusions(report: EvaluationReport, table: "annotator" | "majority", truth: string): Markup {
  const matrices = WAYS.flatMap(({ name, figures }) =>
    STRUCTURES.map((structure) => {
      const confusion = report[figures][table][structure];
      return isMeasured(confusion)
        ? matrix(`${STRUCTURE_NAMES[structure]}, by the ${name}`, structure, confusion, truth)
        : NOTHING;
    }),
  );
  const rows = ROWS.map(({ structure, name, figures }) => {
    const confusion = report[figures][table][structure];
    const title = html`${STRUCTURE_NAMES[structure]}, ${name}`;
    if (!isMeasured(confusion)) return [title, html`0`, ...Array(5).fill(unmeasured(confusion.notMeasurable))];
    // The paper has grades by its scores alone.
    const paper = figures === "byScores" ? PAPER[table] : null;
    return [
      title,
      html`${confusion.embryos}`,
      figure(confusion.accuracy, percent),
      paperFigure(paper?.accuracy?.[structure], percent),
      figure(confusion.acDisagreement, percent),
      paperFigure(paper?.ac?.[structure], percent),
      figure(confusion.kappa, decimal),
    ];
  });
  return html`<div class="pair">${matrices}</div>
${tableOf(
  `The network against the ${truth}`,
  [
    { title: "", words: true },
    { title: "Embryos" },
    { title: "Accuracy" },
    { title: html`<span class="paper">paper</span>` },
    { title: "A/C disagreement" },
    { title: html`<span class="paper">paper</span>` },
    { title: "Weighted kappa (quadratic)" },
  ],
  rows,
)}`;
}

/** Counts with the share of their row; the darker a cell, the more of the row is in it. */
function matrix(
  caption: string,
  structure: Structure,
  { counts, missingGrades, embryos }: Confusion,
  truth: string,
): Markup {
  const rows = counts.map((row, n) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return html`<tr><th scope="row">${STRUCTURE_NAMES[structure]} ${GRADES[n]!}</th>${row.map((count) => cell(count, total))}<th class="paper">${total}</th></tr>
`;
  });
  const missing =
    missingGrades.length === 0 ? NOTHING : html`<p class="note">No ${truth} says ${missingGrades.join(" or ")}.</p>`;
  return html`<div class="table"><table class="confusion"><caption>${caption}, ${counted(embryos, "embryo")}</caption>
<thead><tr><th>${truth} ↓</th>${GRADES.map((grade) => html`<th scope="col">network ${grade}</th>`)}<th class="paper">all</th></tr></thead>
<tbody>${rows}</tbody></table>${missing}</div>`;
}

function cell(count: number, total: number): Markup {
  if (total === 0) return html`<td>0</td>`;
  const share = count / total;
  const ink = share > 0.55 ? "#fff" : "#1c2530";
  const style = `background:rgba(27,94,140,${(share * 0.85).toFixed(2)});color:${ink}`;
  return html`<td style="${style}">${count} <small style="color:${ink}">${percent(share)}</small></td>`;
}

function agreement(report: EvaluationReport): Markup {
  const rows = ROWS.map(({ structure, name, figures }) => {
    const found = report[figures].agreement[structure];
    const title = html`${STRUCTURE_NAMES[structure]}, ${name}`;
    if (!isMeasured(found)) return [title, html`0`, ...Array(5).fill(unmeasured(found.notMeasurable))];
    const [fewest, most] = found.votes;
    return [
      title,
      html`${found.embryos} <small>${fewest === most ? `${most}` : `${fewest} to ${most}`} votes each</small>`,
      figure(found.human, percent),
      paperFigure(PAPER_HUMAN_AGREEMENT[structure], percent),
      figure(found.network, percent),
      paperFigure(figures === "byScores" ? PAPER_NETWORK_AGREEMENT[structure] : null, percent),
      figure(found.difference, points),
    ];
  });
  return tableOf(
    "Agreement with the vote of the other annotators",
    [
      { title: "", words: true },
      { title: "Embryos" },
      { title: "Annotators (Eq. 4)" },
      { title: html`<span class="paper">paper</span>` },
      { title: "Network (Eq. 5)" },
      { title: html`<span class="paper">paper</span>` },
      { title: "Network − annotators, points" },
    ],
    rows,
    "Each annotator is left out in turn; both are held to the vote of those who remain. A tied vote goes to the better grade. An embryo counts when at least two annotators graded it.",
  );
}
