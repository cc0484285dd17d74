import type { Grade } from "../../core/contracts/grades.ts";
import { countsForAgreement, humanAgreement, networkAgreement } from "../../core/statistics/annotator-agreement.ts";
import type { GradeSheet } from "./grade-sheet.ts";

/** Eq. 4 and 5 of one structure; the two are fractions 0 to 1, and NaN when there is nothing to count. */
export interface StructureAgreement {
  /** Images that at least two annotators graded. */
  readonly images: number;
  readonly human: number;
  readonly network: number;
}

/** Images that count for the annotators and not for the network. */
export interface Unpredicted {
  /** The predictions have no line of them. */
  readonly missing: readonly string[];
  /** The predictions have a line of them, and no grade on it. */
  readonly ungraded: readonly string[];
}

/**
 * How often annotators agree with each other, and how often the network agrees with them. Kragh et al. 2019, Eq. 4 and 5.
 *
 * @param annotations one sheet an annotator; their images need not be the same
 */
export function sheetAgreement(
  annotations: readonly GradeSheet[],
  predictions: GradeSheet,
  structure: "icm" | "te",
): StructureAgreement & Unpredicted {
  const images = [...votesByImage(annotations, structure)].filter(([, votes]) => countsForAgreement(votes));
  const votes = images.map(([, given]) => given);
  const predicted = images.map(([image]) => predictions.get(image)?.[structure]);
  const unpredicted = images.map(([image]) => image).filter((_, i) => predicted[i] === undefined);
  return {
    images: images.length,
    human: humanAgreement(votes),
    network: networkAgreement(votes, predicted),
    missing: unpredicted.filter((image) => !predictions.has(image)),
    ungraded: unpredicted.filter((image) => predictions.has(image)),
  };
}

function votesByImage(annotations: readonly GradeSheet[], structure: "icm" | "te"): Map<string, Grade[]> {
  const votes = new Map<string, Grade[]>();
  for (const sheet of annotations) {
    for (const [image, grades] of sheet) {
      const grade = grades[structure];
      if (grade === undefined) continue;
      const given = votes.get(image);
      if (given === undefined) votes.set(image, [grade]);
      else given.push(grade);
    }
  }
  return votes;
}
