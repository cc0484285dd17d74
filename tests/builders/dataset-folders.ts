import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { EmbryoSegmenter, GreyImage } from "../../core/ports.ts";
import { loosePhantom, packedFiles } from "./phantom-archive.ts";
import { greyJpeg, greyPng } from "./pictures.ts";

const GOMEZ_PLANES = [-45, -30, -15, 0, 15, 30, 45];

/** A folder with these files, in folders as they say, removed when the test is over. */
export async function treeOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "blastograde-dataset-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  return root;
}

/** One grey all over, 96 x 96. */
function plainPicture(grey: number): GreyImage {
  return { width: 96, height: 96, pixels: new Uint8Array(96 * 96).fill(grey) };
}

/** A grey that says which plane and which time a picture is of: 75 to 165 by plane, and a little more by time. */
export function greyAt(focalPlaneUm: number, hpi: number): number {
  return 120 + focalPlaneUm + Math.round(2 * (hpi - 117));
}

export interface GomezOptions {
  /** @default AA83-7 and BB12-3 */
  readonly videos?: readonly string[];
  /** Capture times of RUN1, RUN2 and so on. @default five from 91 hpi on */
  readonly times?: readonly (number | string)[];
  readonly planesUm?: readonly number[];
  /** Rows of the grades. @default B for ICM and A for TE of every video */
  readonly grades?: readonly string[];
}

const GOMEZ_TIMES = [91, 116.5, 117, 117.5, 118];

/** The files of Gomez 2022, by their names, for a test to change. */
export async function gomezFiles(options: GomezOptions = {}): Promise<Record<string, Uint8Array | string>> {
  const { videos = ["AA83-7", "BB12-3"], times = GOMEZ_TIMES, planesUm = GOMEZ_PLANES } = options;
  const files: Record<string, Uint8Array | string> = {};
  for (const video of videos) {
    for (const planeUm of planesUm) {
      for (const [position, time] of times.entries()) {
        files[gomezPicture(video, planeUm, position + 1)] = await greyJpeg(
          plainPicture(greyAt(planeUm, Number(time) || 117)),
        );
      }
    }
    const rows = times.map((time, position) => `${position + 1},${time}\n`).join("");
    files[`embryo_dataset_time_elapsed/${video}_timeElapsed.csv`] = `frame_index,time\n${rows}`;
    files[`embryo_dataset_annotations/${video}_phases.csv`] = "tPB2,1,1\ntB,2,5\n";
  }
  const grades = options.grades ?? videos.map((video) => `${video},A,B`);
  files["embryo_dataset_grades.csv"] = `video_name,TE,ICM\n${grades.map((row) => `${row}\n`).join("")}`;
  return files;
}

export function gomezPicture(video: string, planeUm: number, run: number): string {
  const folder = planeUm === 0 ? "embryo_dataset" : `embryo_dataset_F${planeUm}`;
  return `${folder}/${video}/D2013.09.12_S0900_I132_WELL${video.split("-")[1]}_RUN${run}.jpeg`;
}

/** Lays a phantom's pictures over those of a video, in which a real cropper sees an embryo. */
export async function withPhantom(
  files: Record<string, Uint8Array | string>,
  video: string,
  { times, planesUm }: { readonly times: readonly number[]; readonly planesUm: readonly number[] },
): Promise<void> {
  const { pictures } = await loosePhantom({ capturedHpi: times, focalPlanesUm: planesUm });
  for (const [position, hpi] of times.entries()) {
    for (const um of planesUm) files[gomezPicture(video, um, position + 1)] = pictures[`frames/${hpi}h_${um}um.jpg`]!;
  }
}

/** The files of Kromp 2023: three silver pictures and two gold ones. */
export async function krompFiles({
  silver = ["0001_01.png;3;0;1", "0001_02.png;1;ND;ND", "0002_01.png;4;2;2"],
  gold = ["0003_01.png;3;1;0;", "0004_02.png;NA;NA;2;"],
}: {
  readonly silver?: readonly string[];
  readonly gold?: readonly string[];
} = {}): Promise<Record<string, Uint8Array | string>> {
  const files: Record<string, Uint8Array | string> = {
    "Gardner_train_silver.csv": ["Image;EXP_silver;ICM_silver;TE_silver", ...silver, ""].join("\r\n"),
    "Gardner_test_gold_onlyGardnerScores.csv": ["\uFEFFImage;EXP_gold;ICM_gold;TE_gold;", ...gold, ""].join("\r\n"),
  };
  for (const image of ["0001_01", "0001_02", "0002_01", "0003_01", "0004_02"]) {
    files[`Images/${image}.png`] = await greyPng(plainPicture(130));
  }
  return files;
}

/** An archive of ours with plain pictures, three planes at each of five times. @param instead files to put in by name */
export async function plainArchive(
  embryoId: string,
  instead: Readonly<Record<string, Uint8Array>> = {},
): Promise<Uint8Array> {
  const frames = GOMEZ_TIMES.flatMap((hpi) =>
    [-45, 0, 45].map((focalPlaneUm) => ({ file: `frames/${hpi}_${focalPlaneUm}.jpg`, hpi, focalPlaneUm })),
  );
  const manifest = { schema: "blastograde/time-lapse@1", embryoId, cycleId: "cycle-1", ageYears: 34, frames };
  const files: Record<string, Uint8Array> = { "manifest.json": new TextEncoder().encode(JSON.stringify(manifest)) };
  for (const { file, hpi, focalPlaneUm } of frames)
    files[file] = await greyJpeg(plainPicture(greyAt(focalPlaneUm, hpi)));
  return new Uint8Array(await (await packedFiles({ ...files, ...instead })).arrayBuffer());
}

/** Sees a disc in the middle of every picture. */
export const discSegmenter: EmbryoSegmenter = {
  sha256: "0".repeat(64),
  segment: async (pictures) =>
    pictures.map(() =>
      Float32Array.from({ length: 64 * 64 }, (_, cell) =>
        Math.hypot((cell % 64) - 31.5, Math.floor(cell / 64) - 31.5) < 20 ? 1 : 0,
      ),
    ),
};

/** Sees no embryo anywhere. */
export const blindSegmenter: EmbryoSegmenter = {
  sha256: "0".repeat(64),
  segment: async (pictures) => pictures.map(() => new Float32Array(64 * 64)),
};
