import type { BundleManifest } from "../../core/contracts/bundle.ts";
import type { BundleMetrics, GradeMetrics, StructureMetrics } from "./evaluate.ts";

/** What a bundle was made with; written beside the trainings by `npm run demo-bundle`. */
export interface Recipe {
  readonly seed: number;
  readonly width: number;
  /** F of the CNN. */
  readonly features: number;
  readonly cropperPictures: number;
  readonly cropperEpochs: number;
  /** Embryos whose stills the CNN is trained and validated on. */
  readonly stillEmbryos: number;
  readonly cnnEpochs: number;
  /** Embryos whose clips the RNN is trained, calibrated and tested on; none of the above. */
  readonly embryos: number;
  readonly rnnEpochs: number;
}

/** `MODEL_CARD.md` of a bundle. Every number comes from the metrics or the recipe. */
export function modelCard(manifest: BundleManifest, recipe: Recipe, metrics: BundleMetrics): string {
  const { cropper, criterion } = metrics;
  return `# Model card: ${manifest.name}

**Trained on synthetic phantoms; not for clinical use.** It shows that the whole way works, and grades phantoms like those
it was trained on. What it says of a real embryo means nothing.

- Digest: \`${manifest.modelSha256}\`
- Networks: the U-Net cropper (469,089 parameters), Xception of width ${recipe.width} (${recipe.features} features), one LSTM of
  64 units; Kragh et al. 2019
- Cropper: ${recipe.cropperPictures} pictures, ${recipe.cropperEpochs} epochs (the paper: 1,701 and 200). Beyond the paper, half the pictures are closer
  views without the well, six in ten are altered to look like other microscopes', all vary in tone, and a fifth show one plane
  three times.
- CNN: stills of ${recipe.stillEmbryos} phantom embryos (seven in ten to train on), ${recipe.cnnEpochs} epochs, flips (the paper: 6,957 embryos, 30 epochs,
  width 1, no flips). RNN: clips of ${recipe.embryos} other embryos, seven in ten to train on, ${recipe.rnnEpochs} epochs. One annotator's label each, split
  by cycle, empty wells and arrested embryos left out.
- Grades: the answer's probabilities come from the grade calibrator, fitted on the validation split's votes; the figures
  below, like the paper's tables, from the scores.

## On ${metrics.testEmbryos} held-out phantoms

Accuracy (and MSE with C = 0, B = 1, A = 2) against one annotator's label; in the last column against the majority of five.

| | RNN, served | CNN at tA | most frequent grade | RNN, majority vote |
|---|---|---|---|---|
${row("ICM", metrics.icm)}
${row("TE", metrics.te)}

Log-loss of the five votes (lower is better): what the calibrator is for.

| | scores | calibrated | the classes' shares alone |
|---|---|---|---|
${lossRow("ICM", metrics.icm)}
${lossRow("TE", metrics.te)}

Confusion of the RNN (rows: label A, B, C; columns: predicted A, B, C): ICM ${JSON.stringify(metrics.icm.rnn.confusion)},
TE ${JSON.stringify(metrics.te.rnn.confusion)}.

**Short sequences.** The zero padding at the end runs through the LSTM, as in the paper, and this one forgets what it saw: with few
frames it answers nearly the same for every embryo. Accuracy on the last frames of the same clips alone:

| frames | ICM | TE |
|---|---|---|
${metrics.byFrames.map(({ frames, icm, te }) => `| ${frames} | ${percent(icm)} | ${percent(te)} |`).join("\n")}
| all | ${percent(metrics.icm.rnn.accuracy)} | ${percent(metrics.te.rnn.accuracy)} |

Answers on fewer than 20 frames carry the warning \`SHORT_SEQUENCE\`, on one \`SINGLE_FRAME\`.

- Cropper: mean Dice ${cropper.dice.toFixed(3)} on ${cropper.testPictures} test pictures with an embryo (the paper: 0.960 on real ones); more than
  1 % of the picture called embryo in ${percent(cropper.emptyCalledEmbryo)} of ${cropper.emptyPictures} without one.
- Blastocyst criterion, on phantoms of another seed: ${criterion.falseRejections} of ${criterion.blastocysts} blastocysts falsely rejected, ${criterion.misses} of ${criterion.arrested} arrested
  embryos missed.

## Limits

Phantoms are simple shapes under an EmbryoScope's light; \`docs/phantoms.md\` says what is unlike. Annotators are simulated, so
agreement with them is no agreement with embryologists.
`;
}

function row(name: string, { rnn, cnn, majorityClass, rnnOnMajorityVote }: StructureMetrics): string {
  return `| ${[name, ...[rnn, cnn, majorityClass, rnnOnMajorityVote].map(figures)].join(" | ")} |`;
}

function lossRow(name: string, { logLoss }: StructureMetrics): string {
  return `| ${[name, ...[logLoss.scores, logLoss.calibrated, logLoss.shares].map((loss) => loss.toFixed(3))].join(" | ")} |`;
}

const figures = ({ accuracy, mse }: GradeMetrics) => `${percent(accuracy)} (${mse.toFixed(2)})`;

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
