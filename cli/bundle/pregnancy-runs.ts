import { FOLDS } from "../dataset/enhanced-images.ts";
import type { Recipe } from "./recipe.ts";

const PREGNANCY_NETWORKS = ["resnet50", "densenet121", "vgg16"] as const;
export const PREGNANCY_INPUTS = ["plain", "enhanced"] as const;

/** The run that is served, chosen beforehand: the paper's best network on its enhanced images, the first fold. */
export const SERVED_RUN = "resnet50-enhanced-0";

/** VGG16 is by far the costliest of the three at the same width. */
const WIDTH_SHARE = { resnet50: 1, densenet121: 1, vgg16: 0.5 };
// Learning rates of a beginning from nothing, and of its end on whole images; without batch norm VGG16 wants smaller steps.
const FIRST_RATE = { resnet50: 0.0006, densenet121: 0.0006, vgg16: 0.0003 };
const WHOLE_RATE = { resnet50: 0.0005, densenet121: 0.0005, vgg16: 0.0002 };
/** Of outcomes: the last layer is new and has few epochs; the trunk knows what an embryo looks like, and keeps it. */
const OUTCOME_RATE = { lr: 0.01, "trunk-rate": 0.01 };

export interface PregnancyRun {
  /** Below the folder of all of them. */
  readonly folder: string;
  /** Begins with the best epoch of this one. */
  readonly from?: string;
  readonly learns: "votes" | "outcome";
  readonly options: Readonly<Record<string, string | number>>;
}

/**
 * The trainings of one kind of image for Kim's Table 2, in their order: each network first on votes, where images of half the
 * side do for the most part, then on each fold's outcomes.
 */
export function pregnancyRuns(recipe: Recipe, input: (typeof PREGNANCY_INPUTS)[number]): PregnancyRun[] {
  return PREGNANCY_NETWORKS.flatMap((network) => {
    const alike = { network, input, width: recipe.pregnancyWidth * WIDTH_SHARE[network] };
    const [small, whole] = [`votes/${network}-${input}-small`, `votes/${network}-${input}`];
    const votes = { ...alike, target: "votes", batch: 16 };
    return [
      {
        folder: small,
        learns: "votes" as const,
        options: { ...votes, side: 112, epochs: recipe.votesEpochs, lr: FIRST_RATE[network] },
      },
      {
        folder: whole,
        from: small,
        learns: "votes" as const,
        options: { ...votes, epochs: recipe.votesFineEpochs, lr: WHOLE_RATE[network] },
      },
      ...Array.from({ length: FOLDS }, (_, fold) => ({
        folder: `outcome/${network}-${input}-${fold}`,
        from: whole,
        learns: "outcome" as const,
        options: { ...alike, fold, epochs: recipe.pregnancyEpochs, ...OUTCOME_RATE, batch: 32 },
      })),
    ];
  });
}
