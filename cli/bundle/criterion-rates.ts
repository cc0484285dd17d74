import { isBlastocyst } from "../../core/cropping/blastocyst-criterion.ts";
import type { WellKind } from "../dataset/embryo-source.ts";
import { readEvidence } from "./dataset-reader.ts";

/** How often the blastocyst criterion is wrong, where it is known what was in the well. */
export interface CriterionRates {
  readonly blastocysts: number;
  /** Blastocysts that it called none. */
  readonly falseRejections: number;
  readonly arrested: number;
  /** Arrested embryos that it called blastocysts. */
  readonly misses: number;
}

/** @param dir folder with `evidence.csv`, as `prepare-dataset criterion` writes it */
export async function criterionRates(dir: string): Promise<CriterionRates> {
  const embryos = await readEvidence(dir);
  const verdicts = (kind: WellKind) =>
    embryos.filter((embryo) => embryo.kind === kind).map(({ evidence }) => evidence !== null && isBlastocyst(evidence));
  const blastocysts = verdicts("blastocyst");
  const arrested = verdicts("arrested");
  return {
    blastocysts: blastocysts.length,
    falseRejections: blastocysts.filter((verdict) => !verdict).length,
    arrested: arrested.length,
    misses: arrested.filter((verdict) => verdict).length,
  };
}
