import { basename, join } from "node:path";
import { z } from "zod";
import type { Frame } from "../../../core/contracts/time-lapse.ts";
import { FocalPlanesMissing } from "../../../core/errors.ts";
import { focalStacks, hasDepth } from "../../../core/timelapse/focal-planes.ts";
import { type CsvTable, readTable } from "../csv.ts";
import {
  type EmbryoSource,
  FileUnreadable,
  type Problem,
  type SourceEmbryo,
  SourceInvalid,
  type SourceReader,
} from "../embryo-source.ts";
import { findNearTop, innermost, isFolder, namesIn } from "./folders.ts";
import { digestOf, LetterGrade, labelRows, labelWithoutPictures, readPicture, rowFault } from "./labels.ts";

const PLANE_FOLDER = /^embryo_dataset(?:_F(-?\d+))?$/;
const PICTURE = /_RUN(\d+)\.jpe?g$/i;
const GRADES_FILE = /grades\.csv$/i;
const TIMES_FOLDER = "embryo_dataset_time_elapsed";
/** Pictures at the end that times have and pictures have not; more of them, and the two do not count alike. */
const USUAL_SURPLUS = 3;

const GradeRow = z.object({ video_name: z.string().min(1, "is empty"), TE: LetterGrade, ICM: LetterGrade });
type GradeRow = z.infer<typeof GradeRow>;
const TimeRow = z.object({
  frame_index: z
    .string()
    .regex(/^\d+(\.0+)?$/, "is no number of a picture")
    .transform(Number),
  time: z
    .string()
    .min(1, "is empty")
    .transform(Number)
    .pipe(z.number("is no number of hours").min(0, "is before 0 hours").max(400, "is past 400 hours")),
});

/** One focal plane's folder of videos. */
interface PlaneFolder {
  readonly focalPlaneUm: number;
  readonly folder: string;
}

/**
 * Gomez et al. 2022, "A time-lapse embryo dataset for morphokinetic parameter prediction": 704 videos of an
 * EmbryoScope, seven focal planes.
 *
 * Assumed: `<video>` is `<cycle>-<well>`, such as `AA83-7`, so that what stands before the last hyphen is the cycle that
 * is split by; picture `RUN<n>` is `frame_index` n of the times, in hours post insemination; tA is not given, so that the
 * nearest capture to 117.5 hpi stands for it. The phases of development are not needed.
 *
 * @see https://doi.org/10.5281/zenodo.6390798
 */
export const gomez2022: SourceReader = {
  name: "gomez-2022",
  async open(dir) {
    const folders = await findNearTop(dir, (name) => PLANE_FOLDER.test(name));
    if (folders.length === 0) return "there is no folder embryo_dataset, embryo_dataset_F-45 or of another plane";
    const [gradesFile] = await findNearTop(dir, (name) => GRADES_FILE.test(name));
    if (gradesFile === undefined) return "there is no embryo_dataset_grades.csv, neither in it nor one folder down";
    const [timesFolder] = await findNearTop(dir, (name) => name === TIMES_FOLDER);
    if (timesFolder === undefined) return `there is no ${TIMES_FOLDER}, neither in it nor one folder down`;

    const planes = await Promise.all(
      folders.map(async (folder) => ({
        focalPlaneUm: Number(PLANE_FOLDER.exec(basename(folder))![1] ?? 0),
        folder: await innermost(folder),
      })),
    );
    planes.sort((a, b) => a.focalPlaneUm - b.focalPlaneUm);
    const videos = await videosOf(planes);
    const problems: Problem[] = [];
    const table = await readTable(gradesFile);
    const grades = readGrades(basename(gradesFile), table, problems);
    problems.push(...[...grades.keys()].filter((video) => !videos.includes(video)).map(labelWithoutPictures));
    const times = await innermost(timesFolder);
    const source: EmbryoSource = {
      name: "gomez-2022",
      kind: "time-lapse",
      digest: await digestOf({ videos, table }),
      problems,
      embryoIds: () => videos,
      open: (video) => openVideo(video, planes, join(times, `${video}_timeElapsed.csv`), grades.get(video)),
    };
    return source;
  },
};

async function videosOf(planes: readonly PlaneFolder[]): Promise<string[]> {
  const videos = new Set<string>();
  for (const { folder } of planes) {
    for (const name of await namesIn(folder)) {
      if (await isFolder(join(folder, name))) videos.add(name);
    }
  }
  return [...videos].sort();
}

function readGrades(file: string, table: CsvTable, problems: Problem[]): Map<string, GradeRow> {
  if (!["video_name", "TE", "ICM"].every((name) => table.header.includes(name))) {
    throw new SourceInvalid(`${file} needs the columns video_name, TE and ICM; it has ${table.header.join(", ")}.`);
  }
  return labelRows(table, { file, idColumn: "video_name", schema: GradeRow }, problems);
}

async function openVideo(
  video: string,
  planes: readonly PlaneFolder[],
  timesFile: string,
  grades: GradeRow | undefined,
): Promise<SourceEmbryo> {
  const problems: Problem[] = [];
  const remark = (code: string, detail: string) => problems.push({ embryoId: video, code, detail });
  const hpiOf = await readTimes(timesFile, remark);
  const frames: Frame[] = [];
  const untimed = new Set<number>();
  let lastRun = 0;
  for (const plane of planes) {
    const taken = new Set<number>();
    for (const { run, file } of await picturesOf(join(plane.folder, video), remark)) {
      lastRun = Math.max(lastRun, run);
      const hpi = hpiOf.get(run);
      if (hpi === undefined) untimed.add(run);
      // Two pictures of one time and plane: the first is as good as the second.
      else if (!taken.has(hpi)) {
        frames.push({ file, hpi, focalPlaneUm: plane.focalPlaneUm });
        taken.add(hpi);
      }
    }
  }
  frames.sort((a, b) => a.hpi - b.hpi || a.focalPlaneUm - b.focalPlaneUm);
  if (untimed.size > 0) {
    remark(
      "TIME_MISSING",
      `${untimed.size} pictures have no usable time and are left out, RUN${[...untimed][0]} first.`,
    );
  }
  const surplus = Math.max(0, ...hpiOf.keys()) - lastRun;
  if (surplus > USUAL_SURPLUS) {
    remark(
      "TIME_AXIS_DOUBTFUL",
      `There are times of ${surplus} pictures past the last one: times and pictures may not count alike. Used as numbered.`,
    );
  }
  if (frames.length > 0 && !focalStacks(frames).some(hasDepth)) {
    throw new FocalPlanesMissing(`${video} has one focal plane; -45, 0 and +45 um are needed, or planes near them.`);
  }
  return {
    embryoId: video,
    cycleId: video.includes("-") ? video.slice(0, video.lastIndexOf("-")) : video,
    clinic: null,
    ageYears: null,
    icm: grades?.ICM ?? null,
    te: grades?.TE ?? null,
    icmVotes: [],
    teVotes: [],
    annotatedHpi: null,
    outcome: null,
    split: null,
    truth: null,
    archiveDigest: await digestOf(frames.map(({ file, ...position }) => [basename(file), position])),
    frames,
    problems,
    readFrames: (files) => Promise.all(files.map(readPicture)),
    close: async () => {},
  };
}

/** The pictures of one plane of a video, in order of their number; those of a copy in a folder within it only in need. */
async function picturesOf(folder: string, remark: (code: string, detail: string) => void) {
  const names = await namesIn(folder);
  const own = numbered(folder, names);
  for (const inner of names.filter((name) => !name.includes("."))) {
    const copy = numbered(join(folder, inner), await namesIn(join(folder, inner)));
    if (copy.length === 0) continue;
    if (own.length === 0) return copy;
    remark("DUPLICATE_FOLDER", `${join(folder, inner)} repeats the pictures of the folder that it lies in; not read.`);
  }
  return own;
}

function numbered(folder: string, names: readonly string[]): { run: number; file: string }[] {
  return names
    .flatMap((name) => {
      const run = PICTURE.exec(name)?.[1];
      return run === undefined ? [] : [{ run: Number(run), file: join(folder, name) }];
    })
    .sort((a, b) => a.run - b.run);
}

/** Hours post insemination by the pictures' numbers. */
async function readTimes(file: string, remark: (code: string, detail: string) => void): Promise<Map<number, number>> {
  const { header, rows } = await readTable(file).catch((cause) => {
    throw new FileUnreadable(`${file} cannot be read, so that no picture has a time: ${(cause as Error).message}.`, {
      cause,
    });
  });
  if (!header.includes("frame_index") || !header.includes("time")) {
    throw new FileUnreadable(`${file} needs the columns frame_index and time; it has ${header.join(", ")}.`);
  }
  const hpiOf = new Map<number, number>();
  const faults: string[] = [];
  for (const { line, cells } of rows) {
    const parsed = TimeRow.safeParse(cells);
    if (parsed.success) hpiOf.set(parsed.data.frame_index, parsed.data.time);
    else faults.push(rowFault(basename(file), line, parsed.error));
  }
  if (faults.length > 0) remark("TIME_INVALID", `${faults.length} lines have no usable time, first: ${faults[0]}`);
  return hpiOf;
}
