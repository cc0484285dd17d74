import type { CalibrationFigures } from "../figures/calibration.ts";
import type { Timing } from "../figures/timing.ts";
import { isMeasured, STRUCTURE_NAMES, STRUCTURES } from "../measured.ts";
import { PAPER_CPU_SECONDS, PAPER_OUTCOME } from "../paper.ts";
import type { EvaluationReport } from "../report.ts";
import { COLOURS, type Curve, lines, unitSquare } from "./charts.ts";
import { html, type Markup, NOTHING } from "./html.ts";
import { counted, decimal, figure, percent, pValue, table, unmeasured } from "./words.ts";

/** Reliability of the grade probabilities before and after the grade calibrator. */
export function probabilitiesSection(report: EvaluationReport): Markup {
  const measured = STRUCTURES.flatMap((structure) => {
    const figures = report.calibration[structure];
    return isMeasured(figures) ? [{ name: STRUCTURE_NAMES[structure], figures }] : [];
  });
  const missing = STRUCTURES.flatMap((structure) => {
    const figures = report.calibration[structure];
    return isMeasured(figures)
      ? []
      : [html`<p>${STRUCTURE_NAMES[structure]}: ${unmeasured(figures.notMeasurable)}</p>`];
  });
  const inSample =
    report.dataSet.split === "validation" || report.dataSet.split === "all"
      ? html`<p class="note">The grade calibrator is fitted on validation embryos; where these are among them, the second row flatters.</p>`
      : NOTHING;
  return html`<h2>Can the probabilities be believed?</h2>
<p>The network's softmax is a score. The grade calibrator turns it into probabilities; both are held to the annotators'
${measured.some(({ figures }) => figures.truth === "labels") ? "labels" : "votes"} here, all three grades together. On the dashed diagonal, what is given 30 % is voted for in 30 %.</p>
${missing}<div class="pair">${measured.map(({ name, figures }) => reliability(name, figures))}</div>
${measured.length === 0 ? NOTHING : measuresTable(measured)}${inSample}`;
}

function reliability(name: string, { scores, probabilities }: CalibrationFigures): Markup {
  const curve = (title: string, colour: string, bins: CalibrationFigures["scores"]["curve"]): Curve => {
    const most = Math.max(...bins.map(({ count }) => count));
    return {
      name: title,
      colour,
      points: bins.map(({ predicted, observed, count }) => ({
        x: predicted,
        y: observed.value,
        low: observed.low,
        high: observed.high,
        weight: (0.4 * count) / most,
      })),
    };
  };
  return unitSquare(`${name}: given and voted`, "probability given", "share of the votes", [
    { ...curve("scores", COLOURS.before, scores.curve), dashed: true },
    curve("calibrated", COLOURS.after, probabilities.curve),
  ]);
}

function measuresTable(measured: readonly { name: string; figures: CalibrationFigures }[]): Markup {
  const rows = measured.flatMap(({ name, figures }) => [
    ...(["scores", "probabilities"] as const).map((which) => {
      const { ece, logLoss, brier } = figures[which];
      const title = which === "scores" ? "scores" : "calibrated probabilities";
      return [
        html`${name}, ${title}`,
        html`${figures.embryos}`,
        figure(ece, decimal),
        figure(logLoss, decimal),
        figure(brier, decimal),
      ];
    }),
    [
      html`${name}, the votes' shares for every embryo`,
      html`${figures.embryos}`,
      html`–`,
      figure(figures.sharesLogLoss, decimal),
      html`–`,
    ],
  ]);
  return table(
    "Lower is better everywhere",
    [
      { title: "", words: true },
      { title: "Embryos" },
      { title: "Expected calibration error" },
      { title: "Log-loss of the votes" },
      { title: "Brier score" },
    ],
    rows,
    "Ten bins of about equal count; the bars of the curves are 95 % intervals of the share that was voted. Drawing embryos anew adds scatter, so that the interval of a calibration error lies a little high.",
  );
}

/** ROC over the quality groups: Figure 5. */
export function outcomeSection({ outcome }: EvaluationReport): Markup {
  const title = html`<h2>Grades and pregnancy (Figure 5)</h2>`;
  if (!isMeasured(outcome)) return html`${title}<p>${unmeasured(`${outcome.notMeasurable}.`)}</p>`;
  const curve = (name: string, colour: string, which: "network" | "embryologist"): Curve => ({
    name: `${name}, AUC ${decimal(outcome[which].auc.value)}`,
    colour,
    points: outcome[which].curve.map((point) => ({ x: point.falsePositiveRate, y: point.truePositiveRate })),
  });
  const rows = [
    [
      html`Network`,
      figure(outcome.network.auc, decimal),
      html`<span class="paper">${decimal(PAPER_OUTCOME.network)}</span>`,
    ],
    [
      html`Embryologist`,
      figure(outcome.embryologist.auc, decimal),
      html`<span class="paper">${decimal(PAPER_OUTCOME.embryologists)}</span>`,
    ],
  ];
  const { deLong } = outcome;
  const verdict = isMeasured(deLong)
    ? html`<p>DeLong's test, network against embryologist: z = ${decimal(deLong.z)}, ${pValue(deLong.p)} (the paper: ${pValue(PAPER_OUTCOME.p)}, ${PAPER_OUTCOME.embryos} embryos).</p>`
    : html`<p>DeLong's test: ${unmeasured(deLong.notMeasurable)}</p>`;
  return html`${title}
<p>The threshold falls from TQB over GQB to PQB. ${counted(outcome.embryos, "embryo")} with a known outcome, ${outcome.positives} of them a pregnancy.</p>
<div class="pair">${unitSquare("ROC over the quality groups", "false positive rate", "true positive rate", [
    curve("network", COLOURS.after, "network"),
    curve("embryologist", COLOURS.human, "embryologist"),
  ])}<div>${table("Area under the curve", [{ title: "", words: true }, { title: "AUC" }, { title: html`<span class="paper">paper</span>` }], rows)}${verdict}</div></div>`;
}

/** Table 8. */
export function timingSection({ timing }: EvaluationReport): Markup {
  const seconds = ({ median, fastest, slowest }: Timing["total"]) =>
    html`<b>${median.toFixed(3)}</b> <small>${fastest.toFixed(3)} to ${slowest.toFixed(3)}</small>`;
  const paper = (value: number) => html`<span class="paper">${value.toFixed(3)}</span>`;
  return html`<h2>Computation time (Table 8)</h2>
${table(
  "Seconds for one blastocyst",
  [{ title: "Platform", words: true }, { title: "CNN, 30 frames" }, { title: "RNN" }, { title: "Total" }],
  [
    [html`${timing.platform}`, seconds(timing.cnn), seconds(timing.rnn), seconds(timing.total)],
    [
      html`<span class="paper">paper: server CPU of 2016, Xception of full width</span>`,
      paper(PAPER_CPU_SECONDS.cnn),
      paper(PAPER_CPU_SECONDS.rnn),
      paper(PAPER_CPU_SECONDS.total),
    ],
  ],
  `Median of ${timing.repeats} runs after one to warm up, the fastest and the slowest of them.`,
)}`;
}

/** Accuracy on the last frames alone, where it was asked for. */
export function framesSection({ byFrames }: EvaluationReport): Markup {
  if (byFrames === null) return NOTHING;
  const curves = STRUCTURES.map(
    (structure): Curve => ({
      name: STRUCTURE_NAMES[structure],
      colour: COLOURS[structure],
      points: byFrames.flatMap(({ frames, accuracy }) => {
        const measured = accuracy[structure];
        return isMeasured(measured) ? [{ x: frames, y: measured.value }] : [];
      }),
    }),
  );
  const rows = byFrames.map(({ frames, accuracy }) => [
    html`${frames}`,
    ...STRUCTURES.map((structure) => figure(accuracy[structure], percent)),
  ]);
  return html`<h2>Short sequences</h2>
<p>Accuracy of the served way on the last frames of the same clips alone, as from an archive that begins late.</p>
<div class="pair">${lines(
    "Accuracy by number of frames",
    "frames at most",
    "accuracy",
    byFrames.map(({ frames }) => frames),
    curves,
  )}
${table("Accuracy", [{ title: "Frames at most" }, { title: "ICM" }, { title: "TE" }], rows)}</div>`;
}
