import type { CalibrationFigures } from "./figures/calibration.ts";
import type { ClinicFigures } from "./figures/clinics.ts";
import type { HumanComparison } from "./figures/human-comparison.ts";
import type { LeftOutClinics } from "./figures/left-out-clinics.ts";
import type { Difference, ModelFigures } from "./figures/model-figures.ts";
import type { OutcomeFigures } from "./figures/outcome.ts";
import type { FramesFigures } from "./figures/short-sequences.ts";
import type { Timing } from "./figures/timing.ts";
import type { ByStructure, Measured } from "./measured.ts";

/** Everything that an evaluation found: `report.json`, and what `report.html` is drawn from. */
export interface EvaluationReport {
  readonly schema: "blastograde/evaluation@1";
  readonly bundle: {
    readonly name: string;
    readonly modelSha256: string;
    readonly demo: boolean;
    /** "not for clinical use" and why; null for a bundle that is no demo. */
    readonly notice: string | null;
    /** What the bundle was trained with, as its `metrics.json` says. */
    readonly recipe: Settings;
  };
  readonly dataSet: {
    /** The reader that knew the folder: phantoms, archives, gomez-2022, kromp-2023. */
    readonly source: string;
    readonly split: string;
    readonly cropperSha256: string;
    /** Embryos of the split, answered or not. */
    readonly embryos: number;
    readonly cycles: number;
    readonly clinics: readonly string[];
    /** Embryos that the model server answered for. */
    readonly answered: number;
    readonly labelled: ByStructure<number>;
    /** Embryos with at least two votes. */
    readonly voted: ByStructure<number>;
    readonly outcomes: number;
    /** True where single stills stood in for sequences. */
    readonly stillsOnly: boolean;
  };
  /** What could not be evaluated, by code. */
  readonly notEvaluated: readonly {
    readonly code: string;
    /** True for embryos that are not in the figures, false for remarks on files and on embryos that are. */
    readonly leftOut: boolean;
    readonly count: number;
    readonly example: string;
  }[];
  readonly resamples: number;
  readonly models: readonly ModelFigures[];
  readonly constantAnswer: ModelFigures;
  readonly differences: readonly Difference[];
  /** The grade that the scores give, as in the paper. */
  readonly byScores: HumanComparison;
  /** The grade that an answer gives: the most probable one after the grade calibrator. */
  readonly byServedGrade: HumanComparison;
  readonly outcome: Measured<OutcomeFigures>;
  readonly calibration: ByStructure<Measured<CalibrationFigures>>;
  readonly clinics: readonly ClinicFigures[];
  /** Null where it was not asked for. */
  readonly leftOutClinics: readonly LeftOutClinics[] | null;
  readonly timing: Timing;
  /** Null where it was not asked for. */
  readonly byFrames: readonly FramesFigures[] | null;
  /** Digest and settings of each comparison network. */
  readonly networks: readonly { readonly name: string; readonly sha256: string; readonly settings: Settings }[];
}

/** Settings by name, as their file has them. */
export type Settings = Readonly<Record<string, string | number | boolean | null>>;
