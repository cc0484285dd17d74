import type { BundleManifest } from "../../core/contracts/bundle.ts";
import { isMeasured, STRUCTURE_NAMES, STRUCTURES, type Structure } from "../evaluation/measured.ts";
import {
  PAPER_AC_DISAGREEMENT,
  PAPER_CPU_SECONDS,
  PAPER_HUMAN_AGREEMENT,
  PAPER_MAJORITY_ACCURACY,
  PAPER_NETWORK_AGREEMENT,
  PAPER_OUTCOME,
} from "../evaluation/paper.ts";
import type { EvaluationReport } from "../evaluation/report.ts";
import type { BundleMetrics } from "./bundle-metrics.ts";
import { modelTables } from "./card-tables.ts";
import { decimal, ourShare, ours, percent, row } from "./card-words.ts";
import type { CriterionRates } from "./criterion-rates.ts";
import type { CropperMetrics } from "./cropper-metrics.ts";
import { pregnancyCard } from "./pregnancy-card.ts";
import type { Recipe } from "./recipe.ts";
import type { ServedOutlines } from "./served-outlines.ts";

/** `MODEL_CARD.md` of a bundle. Every number comes from the metrics, the recipe or the paper. */
export function modelCard(manifest: BundleManifest, recipe: Recipe, metrics: BundleMetrics): string {
  const { evaluation, cropper, outlines, criterion } = metrics;
  const { dataSet } = evaluation;
  return `# Model card: ${manifest.name}

**Trained on synthetic phantoms; not for clinical use.** It shows that the whole way works, and grades phantoms like those
it was trained on. What it says of a real embryo means nothing.

- Digest: \`${manifest.modelSha256}\`
- Networks: the U-Net cropper (469,089 parameters), Xception of width ${recipe.width} (${recipe.features} features), one LSTM of
  64 units; Kragh et al. 2019. A small U-Net for ICM and TE, ResNet50 of width ${recipe.pregnancyWidth}; Kim et al. 2024
- Measured on ${dataSet.answered} phantom embryos of ${dataSet.cycles} cycles that no training saw, through the model server.
  \`npm run evaluate\` makes the whole report from the same code; \`metrics.json\` has every number.

## What is not as in the paper

${recipeTable(recipe)}

One annotator's label each, split by cycle; empty wells and arrested embryos are left out. The answer's probabilities come
from the grade calibrator, fitted on the validation votes. The figures below are from the scores, as the paper's, unless
the served grade is named: the most probable grade after the calibrator.

## Grades

Ours with its 95 % interval (${evaluation.resamples} bootstrap resamples of whole cycles), then the paper's on 851 real embryos. MSE has C = 0, B = 1, A = 2.
Another task has other heights: what compares is the order of the rows.
${modelTables(evaluation)}
## Beside the annotators

| | ICM | paper | TE | paper |
|---|---|---|---|---|
${humanRows(evaluation).join("\n")}

${outcomeSentence(evaluation)}

## Probabilities

Log-loss of the votes, lower is better: what the calibrator is for.

| | scores | calibrated | the votes' shares for every embryo |
|---|---|---|---|
${lossRows(evaluation).join("\n")}

## Short sequences

Accuracy of the served way on the last frames of the same clips alone. Answers on fewer than 20 frames carry the warning
\`SHORT_SEQUENCE\`, on one \`SINGLE_FRAME\`.

| frames at most | ICM | TE |
|---|---|---|
${frameRows(evaluation).join("\n")}

${pregnancyCard(recipe, metrics.pregnancy, metrics.branches)}
## The rest

${timingLine(evaluation)}
${outlinesLine(outlines)}
${cropperLine(cropper)}
${criterionLine(criterion)}

## Limits

Phantoms are drawn; \`docs/phantoms.md\` says what is unlike. Annotators are simulated, so agreement with them is no agreement
with embryologists. The compared networks are small and trained briefly: an order of theirs that is the paper's confirms the
code, not the paper.
`;
}

function recipeTable(recipe: Recipe): string {
  const { stillEmbryos, cnnEpochs, embryos, rnnEpochs, shorten, comparisonEmbryos, comparisonEpochs } = recipe;
  const rows = [
    ["Embryos", "phantoms", "real, 6,957 to train on"],
    ["Xception's width", `${recipe.width}`, "1"],
    [
      "Cropper",
      `${recipe.cropperPictures} pictures, ${recipe.cropperEpochs} and ${recipe.cropperFineEpochs} finer epochs; closer views, other microscopes' looks and tones among them`,
      "1,701 pictures, 200 epochs",
    ],
    [
      "CNN",
      `stills of ${stillEmbryos} embryos, ${cnnEpochs} epochs, flips, the learning rate falls after 3 epochs`,
      "30 epochs, no flips, after 5",
    ],
    [
      "RNN",
      `clips of ${embryos} other embryos, ${rnnEpochs} epochs, ${percent(shorten)} of the sequences cut short`,
      "the same embryos, whole sequences",
    ],
    [
      "Compared networks",
      `${comparisonEmbryos} other embryos, ${comparisonEpochs} epochs, unshifted stills, flips`,
      "trained as the others",
    ],
  ];
  return ["| | here | the paper |", "|---|---|---|", ...rows.map(row)].join("\n");
}

function humanRows({ byScores, byServedGrade }: EvaluationReport): string[] {
  const ways = [
    { by: "scores", paper: true, figures: byScores },
    { by: "served grade", paper: false, figures: byServedGrade },
  ];
  const both = (name: string, cellsOf: (structure: Structure) => [string, string]) =>
    row([name, ...STRUCTURES.flatMap(cellsOf)]);
  return [
    ...ways.flatMap(({ by, paper, figures }) => {
      const papers = (value: number) => (paper ? percent(value) : "–");
      return [
        both(`Table 5, label, ${by}: A/C disagreement`, (structure) => {
          const found = figures.annotator[structure];
          return [ourShare(found, (table) => table.acDisagreement), papers(PAPER_AC_DISAGREEMENT[structure])];
        }),
        both(`Table 6, majority, ${by}: accuracy`, (structure) => {
          const found = figures.majority[structure];
          return [ourShare(found, (table) => table.accuracy), papers(PAPER_MAJORITY_ACCURACY[structure])];
        }),
        both(`Table 6, majority, ${by}: A/C disagreement`, (structure) => {
          return [ourShare(figures.majority[structure], (table) => table.acDisagreement), "–"];
        }),
      ];
    }),
    both("Eq. 4: an annotator with the others' majority", (structure) => [
      ourShare(byScores.agreement[structure], ({ human }) => human),
      percent(PAPER_HUMAN_AGREEMENT[structure]),
    ]),
    ...ways.map(({ by, paper, figures }) =>
      both(`Eq. 5: the network with the same majority, ${by}`, (structure) => [
        ourShare(figures.agreement[structure], ({ network }) => network),
        paper ? percent(PAPER_NETWORK_AGREEMENT[structure]) : "–",
      ]),
    ),
  ];
}

function lossRows({ calibration }: EvaluationReport): string[] {
  return STRUCTURES.map((structure) => {
    const name = STRUCTURE_NAMES[structure];
    const found = calibration[structure];
    if (!isMeasured(found)) return row([name, `not measurable: ${found.notMeasurable}`, "–", "–"]);
    const losses = [found.scores.logLoss, found.probabilities.logLoss, found.sharesLogLoss];
    return row([name, ...losses.map((loss) => ours(loss, decimal))]);
  });
}

function frameRows({ byFrames }: EvaluationReport): string[] {
  return (byFrames ?? []).map(({ frames, accuracy }) =>
    row([`${frames}`, ...STRUCTURES.map((structure) => ours(accuracy[structure], percent))]),
  );
}

function outcomeSentence({ outcome }: EvaluationReport): string {
  if (!isMeasured(outcome)) return `Figure 5, pregnancy: not measurable, ${outcome.notMeasurable}.`;
  const { network, embryologist } = outcome;
  return `Figure 5, AUC over the quality groups: network ${ours(network.auc, decimal)} (the paper: ${PAPER_OUTCOME.network}), annotator ${ours(embryologist.auc, decimal)} (${PAPER_OUTCOME.embryologists}).`;
}

function timingLine({ timing }: EvaluationReport): string {
  const [cnn, rnn, total] = [timing.cnn.median, timing.rnn.median, timing.total.median].map(decimal);
  const { cnn: paperCnn, rnn: paperRnn, total: paperTotal } = PAPER_CPU_SECONDS;
  return `- Table 8, seconds a blastocyst (${timing.platform}): CNN on 30 frames ${cnn}, RNN ${rnn}, total ${total}. The paper, full width:
  ${paperCnn}, ${paperRnn}, ${paperTotal}.`;
}

function outlinesLine({ embryos, dice, lowest, notFound, emptyWells, falseFinds }: ServedOutlines): string {
  return `- Cropper, as served, on the embryos of the test at 90 to 119 hpi: mean Dice ${ours(dice, decimal)} on ${embryos} embryos, lowest
  ${decimal(lowest)}, ${notFound} not found; an embryo seen in ${falseFinds} of ${emptyWells} empty wells. The paper: 0.960 on real ones.`;
}

function cropperLine({ dice, testPictures, emptyPictures, emptyCalledEmbryo }: CropperMetrics): string {
  const embryos = dice === null ? "no test picture has an embryo" : `mean Dice ${decimal(dice)} on ${testPictures}`;
  const empty =
    emptyCalledEmbryo === null
      ? "none is without one"
      : `more than 1 % of the picture called embryo in ${percent(emptyCalledEmbryo)} of ${emptyPictures} without one`;
  return `- Cropper, on pictures as hard as its training's (any stage and microscope, altered tones): ${embryos}; ${empty}.`;
}

function criterionLine({ falseRejections, blastocysts, misses, arrested }: CriterionRates): string {
  return `- Blastocyst criterion, on phantoms of another seed: ${falseRejections} of ${blastocysts} blastocysts falsely rejected, ${misses} of ${arrested}
  arrested embryos missed.`;
}
