import type { Warning } from "../contracts/identifiers.ts";
import type { PregnancyPrediction } from "../contracts/prediction.ts";
import { attentionFocus, focusWarnings } from "./focus.ts";
import { encodeRuns } from "./run-lengths.ts";
import { missingTissueWarnings, type TissueMasks } from "./tissue-masks.ts";

/** What the pregnancy networks say of one still. */
export interface SeenStill extends Pick<PregnancyPrediction, "rawScore" | "ageYears" | "firstCellPx"> {
  readonly masks: TissueMasks;
  /** Grad-CAM of the logit, [7, 7] row by row, from 0 on. */
  readonly attention: readonly number[];
}

/** What the networks say of a still as a prediction has it, with a warning for each thing that makes it worth less. */
export function pregnancyPrediction({ rawScore, ageYears, masks, attention, firstCellPx }: SeenStill): {
  readonly pregnancy: PregnancyPrediction;
  readonly warnings: Warning[];
} {
  const focus = attentionFocus(attention, masks, firstCellPx);
  return {
    pregnancy: {
      rawScore,
      ageYears,
      focus,
      attention: [...attention],
      firstCellPx,
      masks: { icm: encodeRuns(masks.icm), te: encodeRuns(masks.te) },
    },
    warnings: [...missingTissueWarnings(masks), ...focusWarnings(focus)],
  };
}
