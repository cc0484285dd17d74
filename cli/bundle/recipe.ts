import { readFile } from "node:fs/promises";
import { z } from "zod";

const count = z.number().int().nonnegative();

/** What a bundle was made with; written beside the trainings by `npm run demo-bundle`. */
const Recipe = z.object({
  seed: count,
  /** Share of Xception's filters, above 0 to 1. */
  width: z.number().positive(),
  /** F of the CNN. */
  features: count,
  cropperPictures: count,
  cropperEpochs: count,
  /** Epochs that follow them at a lower learning rate. */
  cropperFineEpochs: count,
  /** Embryos whose stills the CNN is trained and validated on. */
  stillEmbryos: count,
  cnnEpochs: count,
  /** Embryos whose clips the RNN is trained, validated and calibrated on; none of the above. */
  embryos: count,
  rnnEpochs: count,
  /** Probability that a training sequence is cut short, 0 to 1. */
  shorten: z.number().min(0).max(1),
  /** Embryos whose stills each compared CNN is trained and validated on; none of the above. */
  comparisonEmbryos: count,
  comparisonEpochs: count,
  /** Embryos drawn for the test; none of all the above. */
  testEmbryos: count,
  /** Blastocysts whose stills the segmenter, and the pregnancy networks' first training, learn from; none of the above. */
  blastocysts: count,
  segmenterEpochs: count,
  /** Epochs that follow them at a lower learning rate. */
  segmenterFineEpochs: count,
  /** Transferred or transferable blastocysts of the pregnancy networks, a fifth of them held out; none of all the above. */
  transfers: count,
  /** Share of ResNet50's and DenseNet121's filters, above 0 to 1; VGG16 has half of it. */
  pregnancyWidth: z.number().positive(),
  /** Epochs of the first training, on votes: on small images, then on whole ones. */
  votesEpochs: count,
  votesFineEpochs: count,
  /** Epochs on the outcomes of each fold. */
  pregnancyEpochs: count,
});
export type Recipe = z.infer<typeof Recipe>;

/** @throws Error with a sentence that names the file */
export async function readRecipe(file: string): Promise<Recipe> {
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new Error(`${file} cannot be read: it is written by npm run demo-bundle.`, { cause });
  });
  try {
    return Recipe.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : "it is not JSON";
    throw new Error(`${file} is no recipe: ${why}`, { cause });
  }
}
