import { NoBlastocyst } from "../errors.ts";
import type { ExpansionEvidence } from "./expansion-evidence.ts";

/** @throws NoBlastocyst */
export function refuseNonBlastocyst(evidence: ExpansionEvidence): void {
  if (evidence.fieldFraction > 0) return;
  throw new NoBlastocyst(
    "An embryo is there, but nothing shows that it became a blastocyst by the end of the archive, so that no grade is " +
      "given. If it did, upload a later archive.",
  );
}
