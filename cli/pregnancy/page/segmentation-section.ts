import { isMeasured, STRUCTURE_NAMES, STRUCTURES } from "../../evaluation/measured.ts";
import { html, type Markup } from "../../evaluation/page/html.ts";
import { decimal, figure, table, unmeasured } from "../../evaluation/page/words.ts";
import type { SegmentationFigures } from "../figures/segmentation.ts";
import type { PregnancyReport } from "../report.ts";

/** How well ICM and TE are found. */
export function segmentationSection({ segmentation }: PregnancyReport): Markup {
  return html`<h2>Finding ICM and TE</h2>
<p>The paper had both outlined by hand. Here a segmenter finds them, on the held-out embryos against what is truly there.</p>
${isMeasured(segmentation) ? measured(segmentation) : html`<p>${unmeasured(segmentation.notMeasurable)}</p>`}`;
}

function measured(segmentation: SegmentationFigures): Markup {
  const rows = STRUCTURES.map((tissue) => {
    const found = segmentation[tissue];
    const name = html`${STRUCTURE_NAMES[tissue]}`;
    if (!isMeasured(found)) return [name, html`0`, ...Array<Markup>(8).fill(unmeasured(found.notMeasurable))];
    const { embryos, dice, medianDice, jaccard, notFound, without, falselyFound, byGrade } = found;
    return [
      name,
      html`${embryos}`,
      figure(dice, decimal),
      html`${decimal(medianDice)}`,
      figure(jaccard, decimal),
      html`${notFound}`,
      html`${without} <small>found in ${falselyFound}</small>`,
      ...byGrade.map(({ embryos: graded, dice: ofGrade }) =>
        isMeasured(ofGrade)
          ? html`<b>${decimal(ofGrade.value)}</b> <small>${graded} embryos</small>`
          : unmeasured(ofGrade.notMeasurable),
      ),
    ];
  });
  return table(
    "Overlap with the truth",
    [
      { title: "Tissue", words: true },
      { title: "Embryos" },
      { title: "Dice, mean" },
      { title: "median" },
      { title: "Jaccard, mean" },
      { title: "Not found" },
      { title: "Without the tissue" },
      { title: "Dice of grade A" },
      { title: "grade B" },
      { title: "grade C" },
    ],
    rows,
    "A tissue that was not found counts with 0. Embryos that truly show none of it are in no mean. Grades are one annotator's.",
  );
}
