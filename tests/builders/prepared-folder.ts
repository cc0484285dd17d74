import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeNpy } from "../../adapters/archive/npy.ts";
import { EMBRYO_COLUMNS, EVIDENCE_COLUMNS, type PreparedEmbryo } from "../../cli/bundle/dataset-reader.ts";
import { type EvaluatedDataSet, openPreparedDataSet } from "../../cli/evaluation/prepared-data-set.ts";
import { clipBytes, clipFrames, DEMO_BUNDLE } from "../contract/model-server.builders.ts";
import { treeOf } from "./dataset-folders.ts";

const STILL_BYTES = 3 * 224 * 224;
const EXPANDED = "0.6,1.4,0.3";
const NEVER_EXPANDED = "0.1,1,0.9";

export interface PreparedFolderEmbryo extends Partial<Pick<PreparedEmbryo, "cycleId" | "icmVotes" | "teVotes">> {
  /** Another seed, other noise. @default the embryo's place */
  readonly seed?: number;
  /** @default noise of three frames; null for no file */
  readonly clip?: Uint8Array | null;
  /** Whether it shows that it became a blastocyst. @default true */
  readonly expanded?: boolean;
}

/** A prepared data set of noise for the demo bundle, all of it test: clips, and stills at tA of other noise. */
export async function preparedFolder(
  embryos: Readonly<Record<string, PreparedFolderEmbryo>>,
): Promise<EvaluatedDataSet> {
  const cropper = await readFile(join(DEMO_BUNDLE, "cropper.onnx"));
  const cropperSha256 = createHash("sha256").update(cropper).digest("hex");
  const entries = Object.entries(embryos);
  const stills = new Uint8Array(entries.length * STILL_BYTES);
  for (const row of entries.keys()) stills.set(stillOf(row), row * STILL_BYTES);
  const clips = entries.flatMap(([id, { seed, clip }], place) => {
    const bytes = clip === undefined ? clipBytes({ frames: 3, seed: seed ?? place + 1 }) : clip;
    return bytes === null ? [] : [[`clips/${id}.npz`, bytes] as const];
  });
  const rows = entries.map(([id, { cycleId = id, icmVotes = [], teVotes = [] }]) =>
    [id, cycleId, "", "test", "A", "B", icmVotes.join(""), teVotes.join(""), "", "tA"].join(","),
  );
  const evidence = entries.map(([id, { expanded = true }]) => `${id},,test,${expanded ? EXPANDED : NEVER_EXPANDED}`);
  const dir = await treeOf({
    "dataset.json": JSON.stringify({
      schema: "blastograde/prepared@1",
      source: "archives",
      cropperSha256,
      moments: { tA: 1 },
      sequences: true,
    }),
    "embryos.csv": `${[EMBRYO_COLUMNS.join(","), ...rows].join("\n")}\n`,
    "evidence.csv": `${[EVIDENCE_COLUMNS.join(","), ...evidence].join("\n")}\n`,
    "stills/tA.npy": encodeNpy(stills, [entries.length, 1, 3, 224, 224]),
    ...Object.fromEntries(clips),
  });
  return await openPreparedDataSet(dir, "test", cropperSha256);
}

/** The still of a row of {@link preparedFolder}. */
export function stillOf(row: number): Uint8Array {
  return clipFrames({ frames: 1, seed: 100 + row });
}
