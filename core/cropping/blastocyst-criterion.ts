import type { Warning } from "../contracts/identifiers.ts";
import { NoBlastocyst } from "../errors.ts";
import type { ExpansionEvidence } from "./expansion-evidence.ts";

// Chosen on ten phantoms of seed 2, half of them arrested, and measured on 120 of seed 3: the rates are in the model card.
const CAVITY_CONTRAST_AT_MOST = 0.6;
const GROWTH_AT_LEAST = 1.15;
const FIELD_FRACTION_AT_LEAST = 0.4;

// Of a still, which has nothing else: see docs/decisions/0013-stills.md for both.
const STILL_CONTRAST_AT_MOST = 0.7;
const CLEAR_CAVITY_CONTRAST_AT_MOST = 0.45;

/**
 * Whether an embryo became a blastocyst: it shows a smooth middle, or it grew, or it fills the field as only an expanded
 * one does. One sign is enough, because grades are withheld for good when all three are missing, and each can be: an
 * archive may begin after the expansion, an ICM may lie before the cavity, and pictures of other instruments differ.
 */
export function isBlastocyst({ centreContrast, growth, fieldFraction }: ExpansionEvidence): boolean {
  return (
    centreContrast <= CAVITY_CONTRAST_AT_MOST || growth >= GROWTH_AT_LEAST || fieldFraction >= FIELD_FRACTION_AT_LEAST
  );
}

/** @throws NoBlastocyst */
export function refuseNonBlastocyst(evidence: ExpansionEvidence): void {
  if (isBlastocyst(evidence)) return;
  throw new NoBlastocyst(
    "An embryo is there, but nothing shows that it became a blastocyst by the end of the archive, so no grade is given. " +
      "If it expands later, upload the archive again then.",
  );
}

/**
 * Refuses a still that shows no sign of a cavity. Its size is no sign: nobody knows what the picture was cut from.
 *
 * @param centreContrast local contrast in the embryo's middle over that of its roughest parts, 0 to about 1
 * @throws NoBlastocyst
 */
export function refuseNonBlastocystStill(centreContrast: number): void {
  if (centreContrast <= STILL_CONTRAST_AT_MOST) return;
  throw new NoBlastocyst(
    "An embryo is there, but its middle is as granular as its rim: no blastocyst is seen, so no grade is given. " +
      "Upload a sharp picture of the blastocyst, from day 5 on.",
  );
}

/** A remark on a still whose cavity is not clear: it may be of an earlier stage with large smooth cells. */
export function cavityWarnings(centreContrast: number): Warning[] {
  if (centreContrast <= CLEAR_CAVITY_CONTRAST_AT_MOST) return [];
  const detail = "No clear cavity is seen. Make sure that the picture shows a blastocyst before you read these grades.";
  return [{ code: "CAVITY_UNCLEAR", detail }];
}
