import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  type PreparedEmbryo,
  type PreparedManifest,
  readPreparedEmbryos,
  readPreparedManifest,
} from "../bundle/dataset-reader.ts";
import { SPLITS } from "../dataset/split.ts";

export const EVALUATED_SPLITS = [...SPLITS, "all"] as const;
export type EvaluatedSplit = (typeof EVALUATED_SPLITS)[number];

/** Embryos of a prepared data set that are to be evaluated. */
export interface EvaluatedDataSet {
  readonly dir: string;
  readonly manifest: PreparedManifest;
  readonly split: EvaluatedSplit;
  /** At least one. */
  readonly embryos: readonly PreparedEmbryo[];
  /** What the preparation could not use, or used in part. */
  readonly problems: readonly Problem[];
}

/** A line of `problems.jsonl`; the embryo is null where a file belongs to none. */
const Problem = z.object({ embryoId: z.string().nullish(), code: z.string(), detail: z.string() });
type Problem = z.infer<typeof Problem>;

/** The file of an embryo's clip. */
export const clipFile = (dir: string, embryoId: string): string => join(dir, "clips", `${embryoId}.npz`);

/**
 * Opens one split of a prepared data set.
 *
 * @param cropperSha256 of the bundle: clips that another cropper cut are not what this bundle would be served
 * @throws Error with a sentence about what is missing or does not fit
 */
export async function openPreparedDataSet(
  dir: string,
  split: EvaluatedSplit,
  cropperSha256: string,
): Promise<EvaluatedDataSet> {
  const manifest = await readPreparedManifest(dir);
  if (manifest.cropperSha256 !== cropperSha256) {
    throw new Error(
      `${dir} was prepared with the cropper ${manifest.cropperSha256}, and the bundle has the cropper ${cropperSha256}. ` +
        "Prepare it again with the bundle's cropper.onnx, or name the bundle that it was made for.",
    );
  }
  const all = await readPreparedEmbryos(dir);
  const embryos = split === "all" ? all : all.filter((embryo) => embryo.split === split);
  if (embryos.length === 0) {
    const counts = SPLITS.map((name) => `${name} ${all.filter((embryo) => embryo.split === name).length}`);
    throw new Error(`${dir} has no embryo in the split ${split} (${counts.join(", ")}). Choose another with --split.`);
  }
  if (!manifest.sequences && manifest.moments.tA === undefined) {
    throw new Error(`${dir} has neither clips nor stills at tA to serve. Prepare it with --sequences.`);
  }
  const known = new Set(all.map(({ embryoId }) => embryoId));
  const selected = new Set(embryos.map(({ embryoId }) => embryoId));
  // Those of the other splits are no matter of this evaluation; who was left out of all splits may have been in this one.
  const concerns = ({ embryoId }: Problem) => !embryoId || selected.has(embryoId) || !known.has(embryoId);
  return { dir, manifest, split, embryos, problems: (await readProblems(dir)).filter(concerns) };
}

async function readProblems(dir: string): Promise<Problem[]> {
  const file = join(dir, "problems.jsonl");
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, n) => {
      try {
        return Problem.parse(JSON.parse(line));
      } catch (cause) {
        throw new Error(`${file}, line ${n + 1}, is no problem as prepare-dataset writes them.`, { cause });
      }
    });
}
