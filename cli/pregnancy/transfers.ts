import { readFile } from "node:fs/promises";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { errorAt, isBlastogradeError } from "../../core/errors.ts";
import { phantomEmbryo } from "../../phantom/index.ts";
import { pregnancyProbability } from "../../phantom/outcome.ts";
import type { PreparedEmbryo } from "../bundle/dataset-reader.ts";
import { foldOfCycle } from "../dataset/enhanced-images.ts";
import { clipFile, type EvaluatedDataSet } from "../evaluation/prepared-data-set.ts";

/** A transferred embryo: its outcome and the woman's age are known. */
export interface Transfer {
  readonly embryoId: string;
  readonly cycleId: string;
  readonly clinic: string | null;
  /** 0 to 2; null for an embryo that is held out of all training. */
  readonly fold: number | null;
  readonly ageYears: number;
  /** Whether it came to a clinical pregnancy. */
  readonly positive: boolean;
}

export interface Transfers {
  /** In the order of the data set. */
  readonly transfers: readonly Transfer[];
  /** Embryos that are left out; one that has neither counts as one without an outcome. */
  readonly leftOut: { readonly withoutOutcome: number; readonly withoutAge: number };
}

/**
 * Reads ages from the clips of all embryos with a known outcome.
 *
 * @throws Error with a sentence for a data set on which no report can be made; ClipInvalid, which names the clip
 */
export async function readTransfers({ dir, embryos, manifest }: EvaluatedDataSet): Promise<Transfers> {
  if (!manifest.sequences) throw new Error(`${dir} has no clips: prepare it with --sequences.`);
  const known = embryos.filter(({ outcome }) => outcome !== null);
  if (known.length === 0) throw new Error(`${dir} has no embryo whose outcome is known: there is nothing to predict.`);
  const transfers: Transfer[] = [];
  for (const embryo of known) {
    const ageYears = await readAge(clipFile(dir, embryo.embryoId));
    if (ageYears !== null) transfers.push(transferOf(embryo, ageYears));
  }
  if (transfers.length === 0) {
    throw new Error(`${dir} has no clip with the woman's age, without which no pregnancy network gives a score.`);
  }
  refuseUnmeasurable(dir, transfers);
  const leftOut = {
    withoutOutcome: embryos.length - known.length,
    withoutAge: known.length - transfers.length,
  };
  return { transfers, leftOut };
}

/** Those that no training saw. */
export function heldOutOf<One extends Pick<Transfer, "fold">>(transfers: readonly One[]): One[] {
  return transfers.filter(({ fold }) => fold === null);
}

/**
 * The probability that the outcome of a phantom was drawn with: whoever knew it could predict no better.
 *
 * @returns null for an embryo that is no phantom of this generator
 */
export function drawnProbability({ embryoId, ageYears, positive }: Transfer): number | null {
  const [, seed, index] = /^phantom-(\d+)-(\d+)$/.exec(embryoId) ?? [];
  if (seed === undefined || index === undefined) return null;
  const phantom = phantomEmbryo({ seed: Number(seed), index: Number(index), kind: "blastocyst" });
  // Phantoms of another version of the generator have the same names and other fates.
  const isSame = phantom.ageYears === ageYears && phantom.outcome === (positive ? 1 : 0);
  return isSame ? pregnancyProbability(phantom) : null;
}

function transferOf({ embryoId, cycleId, clinic, split, outcome }: PreparedEmbryo, ageYears: number): Transfer {
  const fold = split === "test" ? null : foldOfCycle(cycleId);
  return { embryoId, cycleId, clinic, fold, ageYears, positive: outcome === 1 };
}

async function readAge(file: string): Promise<number | null> {
  const bytes = await readFile(file).catch((cause) => {
    throw new Error(`${file} cannot be read: prepare the data set again.`, { cause });
  });
  try {
    return npzClipFormat.decode(new Uint8Array(bytes)).meta.ageYears;
  } catch (error) {
    throw isBlastogradeError(error) ? errorAt(file, error) : error;
  }
}

/** Nothing tells a positive from a negative where there is one outcome only. */
function refuseUnmeasurable(dir: string, transfers: readonly Transfer[]): void {
  const heldOut = heldOutOf(transfers);
  const positives = heldOut.filter(({ positive }) => positive).length;
  if (heldOut.length === 0) {
    throw new Error(`${dir} has no embryo of the split test with an outcome and an age: nothing is held out.`);
  }
  if (positives === 0 || positives === heldOut.length) {
    throw new Error(
      `Of the ${heldOut.length} held-out embryos of ${dir} ${positives} came to a pregnancy: there is nothing to tell apart.`,
    );
  }
}
