import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { EMBRYO_COLUMNS } from "../../cli/bundle/dataset-reader.ts";
import { segmentationNpz } from "../../cli/dataset/blastocysts.ts";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { TISSUE_LABEL } from "../../core/contracts/segmentation.ts";
import { treeOf } from "./dataset-folders.ts";
import { discAndRing } from "./tissues.ts";

/** Networks whose answers can be told by hand; `make_networks.py` there says which. */
export const HAND_MADE = join(import.meta.dirname, "pregnancy-networks");

export interface TransferredStill {
  readonly cycleId: string;
  readonly split: "train" | "test";
  readonly ageYears: number | null;
  readonly outcome: 0 | 1 | null;
  readonly clinic?: string;
  /** Of the whole still but for a brighter corner, 1 to 255. */
  readonly grey: number;
  /** Whether it truly shows an ICM; the hand-made segmenter sees one anyway. @default true */
  readonly hasIcm?: boolean;
}

const PIXELS = CLIP_SIZE ** 2;
const CORNER = 32;

/**
 * A prepared data set of one-frame clips that the cropper of `hollowBundle` cut, with `segmentation.npz`. Truly ICM and TE are the disc
 * and the ring that the hand-made segmenter finds. Every still is brightest in its upper left corner.
 */
export async function transfersFolder(
  stills: readonly TransferredStill[],
  { segmentation = true }: { readonly segmentation?: boolean } = {},
): Promise<string> {
  const { icm, te } = discAndRing();
  const truth = icm.map((inside, p) => (inside ? TISSUE_LABEL.icm : te[p] ? TISSUE_LABEL.te : TISSUE_LABEL.other));
  const cropperSha256 = sha256Of("what cropper.onnx would hold");
  const rows = stills.map(({ cycleId, clinic = "", split, outcome }, n) =>
    [`e${n}`, cycleId, clinic, split, "A", n % 2 === 0 ? "B" : "C", "", "", outcome ?? "", ""].join(","),
  );
  const pictures = stills.map(({ grey, split, hasIcm = true }) => ({
    still: stillOf(grey),
    truth: hasIcm ? truth : truth.map((label) => (label === TISSUE_LABEL.icm ? TISSUE_LABEL.other : label)),
    split,
  }));
  return await treeOf({
    "dataset.json": JSON.stringify({
      schema: "blastograde/prepared@1",
      source: "archives",
      cropperSha256,
      moments: {},
      sequences: true,
    }),
    "embryos.csv": `${[EMBRYO_COLUMNS.join(","), ...rows].join("\n")}\n`,
    ...(segmentation ? { "segmentation.npz": segmentationNpz(pictures) } : {}),
    ...Object.fromEntries(stills.map((one, n) => [`clips/e${n}.npz`, clipOf(one, cropperSha256)])),
  });
}

const sha256Of = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

function stillOf(grey: number): Uint8Array {
  return Uint8Array.from({ length: PIXELS }, (_, p) =>
    p % CLIP_SIZE < CORNER && p < CORNER * CLIP_SIZE ? Math.min(255, grey + 60) : grey,
  );
}

function clipOf({ grey, ageYears }: TransferredStill, cropperSha256: string): Uint8Array {
  const frames = new Uint8Array(3 * PIXELS);
  for (let plane = 0; plane < 3; plane++) frames.set(stillOf(grey), plane * PIXELS);
  return npzClipFormat.encode({
    frames,
    hpi: Float32Array.of(112),
    meta: { schema: "blastograde/clip@1", archiveDigest: "a".repeat(64), cropperSha256, ageYears, kind: "time-lapse" },
  });
}

/** A folder with `pregnancy-networks.json` over the hand-made network. @param entries network, input and fold of each */
export async function networksFolder(
  entries: readonly { readonly network: string; readonly input: string; readonly fold: number }[],
  { sha256 }: { readonly sha256?: string } = {},
): Promise<string> {
  const onnx = await readFile(join(HAND_MADE, "pregnancy.onnx"));
  const digest = sha256 ?? sha256Of(onnx);
  const networks = entries.map((entry) => ({
    ...entry,
    file: "pregnancy.onnx",
    sha256: digest,
    settings: { width: 0.25, data_sha256: "d".repeat(64) },
  }));
  return await treeOf({
    "pregnancy-networks.json": JSON.stringify({ schema: "blastograde/pregnancy-networks@1", networks }),
    "pregnancy.onnx": onnx,
  });
}

/** Both inputs and all folds of some networks. */
export function everyFold(...networks: readonly string[]) {
  return networks.flatMap((network) =>
    ["plain", "enhanced"].flatMap((input) => [0, 1, 2].map((fold) => ({ network, input, fold }))),
  );
}
