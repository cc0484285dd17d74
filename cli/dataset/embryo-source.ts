import type { Grade } from "../../core/contracts/grades.ts";
import type { Frame } from "../../core/contracts/time-lapse.ts";
import { BlastogradeError } from "../../core/errors.ts";
import type { Split } from "./split.ts";

export const SOURCE_NAMES = ["phantoms", "archives", "gomez-2022", "kromp-2023"] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

/** What can truly be in a well. */
export const WELL_KINDS = ["blastocyst", "arrested", "cleavage", "empty"] as const;
export type WellKind = (typeof WELL_KINDS)[number];

/** Something of a data set that was not used, or was used in another way than it says; a line of `problems.jsonl`. */
export interface Problem {
  /** Null where it is about a file that belongs to no embryo. */
  readonly embryoId: string | null;
  readonly code: string;
  readonly detail: string;
}

/** One embryo of a data set: what is known of it, and its pictures. */
export interface SourceEmbryo {
  readonly embryoId: string;
  /** The treatment; embryos of one cycle never lie in two splits. The embryo's own id where no cycle is known. */
  readonly cycleId: string;
  readonly clinic: string | null;
  /** 18 to 55. */
  readonly ageYears: number | null;
  /** One annotator's word, which training takes. */
  readonly icm: Grade | null;
  readonly te: Grade | null;
  /** Every annotator's word where there are several. */
  readonly icmVotes: readonly Grade[];
  readonly teVotes: readonly Grade[];
  /** tA, when the embryologist annotated, in hours post insemination. */
  readonly annotatedHpi: number | null;
  /** Clinical pregnancy after transfer, as the data set means it. */
  readonly outcome: 0 | 1 | null;
  /** The data set's own split. */
  readonly split: Split | null;
  /** What is truly in the well, where that is known: of phantoms. */
  readonly truth: WellKind | null;
  /** Stands for the pictures in the clip's meta: SHA-256, lower-case hexadecimal. */
  readonly archiveDigest: string;
  /** Ascending by time, then by focal plane. A still has one, of 0 hpi. */
  readonly frames: readonly Frame[];
  /** Remarks on this embryo's files. */
  readonly problems: readonly Problem[];
  /**
   * Reads frames of one time, in the order asked for; together, because a phantom draws them twice as fast so.
   *
   * @throws FileUnreadable; what reading an archive's entry throws
   */
  readFrames(files: readonly string[]): Promise<Uint8Array[]>;
  /** Hands back what reading held open. */
  close(): Promise<void>;
}

/** A data set that clips and stills can be prepared from. */
export interface EmbryoSource {
  readonly name: SourceName;
  /** Stills have one picture an embryo and no time: they make stills at tA and nothing else. */
  readonly kind: "time-lapse" | "still";
  /** SHA-256 over the embryos and their labels: a preparation that was begun goes on with the same ones only. */
  readonly digest: string;
  /** What was found before any embryo was opened. */
  readonly problems: readonly Problem[];
  /** Every embryo with pictures, in an order that is always the same. */
  embryoIds(): readonly string[];
  /** @throws BlastogradeError whose code says why this embryo cannot be used */
  open(embryoId: string): Promise<SourceEmbryo>;
}

/** One kind of data set. A new one is a file in `sources/` and a line in `source.ts`. */
export interface SourceReader {
  readonly name: SourceName;
  /** @returns the source, or why the folder is none of this kind, as the end of a sentence */
  open(dir: string): Promise<EmbryoSource | string>;
}

/** No reader knows what lies in this folder. */
export class SourceUnknown extends BlastogradeError {
  readonly code = "SOURCE_UNKNOWN";
  readonly retryable = false;
}

/** The data set's own description (labels, `phantoms.json`) cannot be read as a whole. */
export class SourceInvalid extends BlastogradeError {
  readonly code = "SOURCE_INVALID";
  readonly retryable = false;
}

/** Nothing of the source could be used; `problems.jsonl` says why. */
export class NothingPrepared extends BlastogradeError {
  readonly code = "NOTHING_PREPARED";
  readonly retryable = false;
}

/** A file that the data set should have is not there or cannot be read. */
export class FileUnreadable extends BlastogradeError {
  readonly code = "FILE_UNREADABLE";
  readonly retryable = false;
}

/** How often each code occurs, in order of the codes. */
export function countedCodes(problems: readonly Problem[]): Record<string, number> {
  const codes = Map.groupBy(problems, ({ code }) => code);
  return Object.fromEntries([...codes.keys()].sort().map((code) => [code, codes.get(code)!.length]));
}
