import { isMeasured, STRUCTURE_NAMES, STRUCTURES } from "../evaluation/measured.ts";
import { METHOD_NAMES } from "../pregnancy/figures/claims.ts";
import type { FoldMean, PerformanceRow } from "../pregnancy/figures/performance.ts";
import type { PregnancyReport } from "../pregnancy/report.ts";
import { decimal, ours, percent, row } from "./card-words.ts";
import type { Recipe } from "./recipe.ts";
import type { ServedBranches } from "./served-branches.ts";

/** The model card's section on the pregnancy branch and on stills; its numbers are the report's. */
export function pregnancyCard(recipe: Recipe, report: PregnancyReport, branches: ServedBranches): string {
  const { performance, claims } = report;
  const { heldOut, ageAlone, bestAttainable } = performance;
  const best = isMeasured(bestAttainable)
    ? `; whoever knew how outcomes are drawn would reach ${decimal(bestAttainable.value)}`
    : "";
  return `## Probability of pregnancy

Kim et al. 2024 on ${heldOut.embryos} held-out phantoms of ${heldOut.cycles} women, ${heldOut.positives} of them pregnant. Served: ResNet50 of width ${recipe.pregnancyWidth} on enhanced
images, the network of the first fold, chosen beforehand. ${recipe.votesEpochs} epochs on votes of ${recipe.blastocysts} other phantoms at 112 x 112 and ${recipe.votesFineEpochs} at 224 x 224 stand in
for ImageNet's weights; then ${recipe.pregnancyEpochs} on outcomes. VGG16 has half the width. The age alone reaches an AUROC of ${decimal(ageAlone.value)}${best}.

| network | image | AUROC | accuracy | sensitivity | specificity | AUROC in the paper |
|---|---|---|---|---|---|---|
${performance.rows.map(performanceRow).join("\n")}

Mean and standard deviation over three folds. Which of the paper's claims hold here, by 95 % intervals over whole cycles:

| claim | the paper | here | |
|---|---|---|---|
${claims.map(({ claim, paper, here, verdict }) => row([claim, paper, here, verdict])).join("\n")}

${calibrationLine(report)}
${segmentationLines(report)}
${branchLines(branches)}
`;
}

function performanceRow({ name, input, auroc, accuracy, sensitivity, specificity, paper }: PerformanceRow): string {
  const measures = [auroc, accuracy, sensitivity, specificity].map(meanAndDeviation);
  return row([name, input, ...measures, paper === null ? "–" : decimal(paper.auroc.mean)]);
}

function meanAndDeviation({ mean, standardDeviation }: FoldMean): string {
  return standardDeviation === null ? decimal(mean) : `${decimal(mean)} (${decimal(standardDeviation)})`;
}

function calibrationLine({ calibration }: PregnancyReport): string {
  if (!isMeasured(calibration)) return `- Calibration: not measurable, ${calibration.notMeasurable}.`;
  const { fitted, chosen, before, after } = calibration;
  const { brier, ece, hosmerLemeshow, slope } = after[chosen];
  const slopes = isMeasured(slope)
    ? `${decimal(slope.slope.value)} (${decimal(slope.slope.low)} to ${decimal(slope.slope.high)})`
    : `not measurable, ${slope.notMeasurable}`;
  const p = hosmerLemeshow.p === null ? "not measurable" : decimal(hosmerLemeshow.p);
  return `- Calibrator beside the bundle: ${METHOD_NAMES[chosen]} on the ${fitted.embryos} embryos of the validation fold. On the held-out ones the Brier score
  falls from ${ours(before.brier, decimal)} to ${ours(brier, decimal)}, the calibration error from ${ours(before.ece, decimal)} to ${ours(ece, decimal)};
  slope ${slopes}; Hosmer-Lemeshow p ${p} with ${hosmerLemeshow.df} degrees of freedom.`;
}

function segmentationLines({ segmentation }: PregnancyReport): string {
  if (!isMeasured(segmentation)) return `- Segmenter: not measurable, ${segmentation.notMeasurable}.`;
  return STRUCTURES.map((structure) => {
    const found = segmentation[structure];
    const name = STRUCTURE_NAMES[structure];
    if (!isMeasured(found)) return `- Segmenter, ${name}: not measurable, ${found.notMeasurable}.`;
    const { embryos, dice, jaccard, medianDice, notFound } = found;
    return `- Segmenter, ${name}: mean Dice ${ours(dice, decimal)}, median ${decimal(medianDice)}, Jaccard ${ours(jaccard, decimal)} on ${embryos} held-out embryos; in ${notFound} nothing was found.`;
  }).join("\n");
}

function branchLines({ stills, pregnancy }: ServedBranches): string {
  const accuracies = STRUCTURES.map((structure) => {
    const found = stills.accuracy[structure];
    return `${STRUCTURE_NAMES[structure]} ${found === null ? "not measurable" : ours(found, percent)}`;
  });
  const ofStills = `- Single stills (the centre plane at tMEB for all three, graded by the CNN alone): the served grade is the majority's in ${accuracies.join(", ")}
  of ${stills.embryos} embryos.`;
  if (pregnancy === null) return ofStills;
  const { embryos, auroc, onIcmOrTe } = pregnancy;
  return `${ofStills}
- Whole time-lapses through the model server, ${embryos} embryos of the grades' test with an outcome: AUROC of the score ${ours(auroc, decimal)};
  its map peaks on ICM or TE in ${ours(onIcmOrTe, percent)}.`;
}
