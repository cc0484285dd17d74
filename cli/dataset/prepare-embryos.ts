import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { lockFolder } from "../../adapters/local/folder-lock.ts";
import { GRADES, type Grade } from "../../core/contracts/grades.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { EMBRYO_COLUMNS } from "../bundle/dataset-reader.ts";
import type { EmbryoResult, Wanted } from "./embryo-preparation.ts";
import { countedCodes, NothingPrepared, type Problem } from "./embryo-source.ts";
import type { EmbryoTask } from "./embryo-worker.ts";
import { MOMENTS, type MomentVariants } from "./moments.ts";
import { inOrder } from "./ordered-workers.ts";
import { PreparedWriter, type Recipe } from "./prepared-writer.ts";
import { openSource } from "./source.ts";
import { SPLITS, type Split, type SplitShares, splitOfCycle } from "./split.ts";

export interface PreparationOptions {
  /** Folder of the source, of any kind that {@link openSource} knows. */
  readonly source: string;
  readonly out: string;
  /** Path of `cropper.onnx`. */
  readonly cropper: string;
  readonly moments: MomentVariants;
  /** Whether to write a clip of each embryo. */
  readonly sequences: boolean;
  /** @default the source's own split, and where it has none the usual shares */
  readonly shares?: SplitShares;
  /** Of embryos without a label too, and nothing but evidence.csv. @default false */
  readonly evidenceOfAll?: boolean;
  /** @default one a core, at most 8 */
  readonly threads?: number;
  /** Called after each embryo. */
  readonly progress?: (done: number, of: number) => void;
  /** For tests: called before each write, whose failure it may throw. */
  readonly beforeWrite?: (name: string) => void;
}

/** What was prepared, in figures. */
export interface PreparationSummary {
  readonly out: string;
  readonly source: string;
  /** Lines of embryos.csv. */
  readonly embryos: number;
  readonly splits: Readonly<Record<Split, number>>;
  /** Labels of each grade. */
  readonly icm: Readonly<Record<Grade, number>>;
  readonly te: Readonly<Record<Grade, number>>;
  /** How often each code is in problems.jsonl. */
  readonly problems: Readonly<Record<string, number>>;
}

/**
 * Prepares clips and stills of a source's embryos for training and evaluation (docs/datasets.md says what is written).
 * Goes on where an earlier call with the same options was interrupted, and does nothing where one was finished.
 *
 * @throws SourceUnknown; SourceInvalid; OtherPreparation; DataFolderInUse; StorageUnavailable, which leaves what is done;
 * NothingPrepared
 * @example
 * await prepareEmbryos({ source: "gomez", out: "runs/gomez", cropper: "cropper.onnx", moments: { tA: 9 }, sequences: true });
 */
export async function prepareEmbryos(options: PreparationOptions): Promise<PreparationSummary> {
  const source = await openSource(options.source);
  const cropper = new Uint8Array(await readFile(options.cropper));
  const isStill = source.kind === "still";
  const wanted: Wanted = {
    // A still has one time and one plane, so that there is nothing to shift.
    moments: isStill ? { tA: 1 } : options.moments,
    sequences: options.sequences && !isStill,
    evidenceOfAll: options.evidenceOfAll ?? false,
  };
  const recipe: Recipe = {
    source: source.name,
    sourceDigest: source.digest,
    cropperSha256: await sha256Hex(cropper),
    ...wanted,
    splits: options.shares === undefined ? "the source's" : `${options.shares.validation} ${options.shares.test}`,
  };
  const lock = await lockFolder(options.out);
  try {
    const writer = await PreparedWriter.open(options.out, recipe, options.beforeWrite);
    if (!writer.isFinished) {
      const ids = source.embryoIds();
      const task: EmbryoTask = { dir: options.source, cropper, wanted };
      const threads = options.threads ?? Math.min(availableParallelism(), 8);
      const workers = new URL("./embryo-worker.ts", import.meta.url);
      const left = ids.slice(writer.journal.length);
      await inOrder(workers, task, left, threads, async (result: EmbryoResult) => {
        const split = result.embryo && splitFor(result.embryo, options.shares);
        await writer.add(result, split && embryoCells(result, split), split && evidenceCells(result, split));
        options.progress?.(writer.journal.length, ids.length);
      });
      await writer.finish([...source.problems, ...sharedCycles(writer)]);
    }
    return summaryOf(options.out, source, writer);
  } finally {
    lock.release();
  }
}

/** Shares that were asked for win over the source's split: a held-out set may be all test. */
function splitFor(embryo: NonNullable<EmbryoResult["embryo"]>, shares: SplitShares | undefined): Split {
  return (shares === undefined ? embryo.split : null) ?? splitOfCycle(embryo.cycleId, shares);
}

/** In the order of EMBRYO_COLUMNS. */
function embryoCells({ embryo, stills }: EmbryoResult, split: Split): string[] {
  const { embryoId, cycleId, clinic, icm, te, icmVotes, teVotes, outcome } = embryo!;
  const labels = [icm ?? "", te ?? "", icmVotes.join(""), teVotes.join(""), outcome === null ? "" : String(outcome)];
  return [embryoId, cycleId, clinic ?? "", split, ...labels, MOMENTS.filter((moment) => stills[moment]).join(" ")];
}

/** In the order of EVIDENCE_COLUMNS. */
function evidenceCells({ embryo, evidence }: EmbryoResult, split: Split): string[] | null {
  if (evidence === undefined) return null;
  const values = evidence === null ? ["", "", ""] : [evidence.fieldFraction, evidence.growth, evidence.centreContrast];
  return [embryo!.embryoId, embryo!.truth ?? "", split, ...values.map(String)];
}

/** Cycles in two splits, as only a data set's own split has them: what is learnt of one embryo helps with the others. */
function sharedCycles({ embryos }: PreparedWriter): Problem[] {
  const cycles = Map.groupBy(embryos, (cells) => cellOf(cells, "cycle_id"));
  return [...cycles].flatMap(([cycle, ofCycle]) => {
    const splits = SPLITS.filter((split) => ofCycle.some((cells) => cellOf(cells, "split") === split));
    const detail = `The cycle ${cycle} has embryos in ${splits.join(" and ")}; the data set's split stands.`;
    return splits.length < 2 ? [] : [{ embryoId: null, code: "CYCLE_IN_TWO_SPLITS", detail }];
  });
}

function cellOf(embryoCells: readonly string[], column: (typeof EMBRYO_COLUMNS)[number]): string {
  return embryoCells[EMBRYO_COLUMNS.indexOf(column)]!;
}

function summaryOf(
  out: string,
  source: Awaited<ReturnType<typeof openSource>>,
  writer: PreparedWriter,
): PreparationSummary {
  const { embryos, journal } = writer;
  const found = [...source.problems, ...sharedCycles(writer), ...journal.flatMap(({ problems }) => problems)];
  const problems = countedCodes(found);
  if (embryos.length === 0) {
    const counts = Object.entries(problems).map(([code, count]) => `${count} ${code}`);
    throw new NothingPrepared(
      `No embryo of the source could be used: ${counts.join(", ") || "it has none"}. See ${out}/problems.jsonl.`,
    );
  }
  const counted = <Name extends string>(names: readonly Name[], column: "split" | "icm" | "te") =>
    Object.fromEntries(
      names.map((name) => [name, embryos.filter((cells) => cellOf(cells, column) === name).length]),
    ) as Record<Name, number>;
  return {
    out,
    source: source.name,
    embryos: embryos.length,
    splits: counted(SPLITS, "split"),
    icm: counted(GRADES, "icm"),
    te: counted(GRADES, "te"),
    problems,
  };
}
