import type { Grade } from "../contracts/grades.ts";
import { majorityVote, mean } from "./grade-statistics.ts";

/** What the annotators said of one image's ICM or TE; those who gave no grade are left out. */
export type ImageVotes = readonly Grade[];

/** Fewer annotators leave nobody to compare one with. */
const MIN_ANNOTATORS = 2;

/** Whether Eq. 4 and 5 count an image: at least two annotators graded it. */
export function countsForAgreement(votes: ImageVotes): boolean {
  return votes.length >= MIN_ANNOTATORS;
}

/**
 * How often one annotator agrees with the majority of the others: the share over the annotators of an image, then its
 * mean over the images. A tied vote goes to the better grade. Kragh et al. 2019, Eq. 4.
 *
 * @param votesByImage images with fewer than two votes do not count
 * @returns 0 to 1; NaN when no image counts
 */
export function humanAgreement(votesByImage: readonly ImageVotes[]): number {
  return mean(
    votesByImage
      .filter(countsForAgreement)
      .map((votes) => mean(votes.map((own, annotator) => (majorityVote(others(votes, annotator)) === own ? 1 : 0)))),
  );
}

/**
 * How often a network agrees with the majority of the annotators, one of whom is left out in turn, so that it meets the
 * same votes as each annotator does in {@link humanAgreement}. Kragh et al. 2019, Eq. 5.
 *
 * @param votesByImage images with fewer than two votes do not count
 * @param predicted the network's grade of each image, in the same order; an image without one does not count
 * @returns 0 to 1; NaN when no image counts
 * @throws RangeError when there are not as many predictions as images
 */
export function networkAgreement(
  votesByImage: readonly ImageVotes[],
  predicted: readonly (Grade | undefined)[],
): number {
  if (votesByImage.length !== predicted.length) {
    throw new RangeError(`${predicted.length} predictions for the votes on ${votesByImage.length} images`);
  }
  return mean(
    votesByImage.flatMap((votes, image) => {
      const grade = predicted[image];
      if (grade === undefined || !countsForAgreement(votes)) return [];
      return [mean(votes.map((_, annotator) => (majorityVote(others(votes, annotator)) === grade ? 1 : 0)))];
    }),
  );
}

function others(votes: ImageVotes, annotator: number): Grade[] {
  return votes.filter((_, other) => other !== annotator);
}
