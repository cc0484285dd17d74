import { type FileHandle, open, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { zipArchiveReader } from "../../../adapters/archive/zip-archive.ts";
import type { Grade } from "../../../core/contracts/grades.ts";
import type { OpenArchive, RandomAccess } from "../../../core/ports.ts";
import { ingestArchive, readManifest } from "../../../core/timelapse/ingest-archive.ts";
import { type CsvTable, readTable } from "../csv.ts";
import { type EmbryoSource, FileUnreadable, type Problem, SourceInvalid, type SourceReader } from "../embryo-source.ts";
import { SPLITS } from "../split.ts";
import { annotatorOf, digestOf, LetterGrade, labelRows, labelWithoutPictures, NotKnown, Votes } from "./labels.ts";

const LABELS_FILE = "labels.csv";

const optional = <T>(schema: z.ZodType<T, string>, sentence: string) =>
  z.union([NotKnown, schema], sentence).default(null);

/** A row of `labels.csv`; other columns are ignored. */
const LabelRow = z.object({
  embryo_id: z.string().min(1, "is empty"),
  cycle_id: optional(z.string().max(128), "is too long"),
  clinic: optional(z.string().max(64), "is too long"),
  icm: LetterGrade.optional(),
  te: LetterGrade.optional(),
  icm_votes: Votes.default([]),
  te_votes: Votes.default([]),
  t_a_hpi: optional(z.string().transform(Number).pipe(z.number().min(0).max(400)), "is no hour from 0 to 400"),
  outcome: optional(
    // Spreadsheets and pandas make 1.0 of a 1 in a column with gaps.
    z
      .string()
      .transform(Number)
      .pipe(z.literal([0, 1])),
    "is none of 0, 1 and NA",
  ),
  split: optional(z.enum(SPLITS), `is none of ${SPLITS.join(", ")} and NA`),
});
type LabelRow = z.infer<typeof LabelRow>;

/**
 * A folder of our own archives (`*.zip`, kind `time-lapse`) with `labels.csv`, as a clinic keeps them and as
 * `npm run phantom` writes them. A label belongs to the archive `<embryo_id>.zip`, else to the one whose manifest says so.
 *
 * Where `icm` or `te` is no column, one annotator's vote is the label: at the place that a hash of the embryo's id points
 * at, the same one in the votes of both structures.
 */
export const archives: SourceReader = {
  name: "archives",
  async open(dir) {
    const files = await readdir(dir);
    if (!files.includes(LABELS_FILE)) return `there is no ${LABELS_FILE}`;
    const zips = files.filter((file) => file.endsWith(".zip")).sort();
    if (zips.length === 0) return `there is a ${LABELS_FILE} but no .zip`;
    const table = await readTable(join(dir, LABELS_FILE));
    const problems: Problem[] = [];
    const labels = readLabels(table, problems);
    const zipOf = await matched(dir, zips, labels);
    const ids = [...zipOf.keys()].sort();
    problems.push(...[...labels.keys()].filter((id) => !zipOf.has(id)).map(labelWithoutPictures));
    const source: EmbryoSource = {
      name: "archives",
      kind: "time-lapse",
      digest: await digestOf({ zips, table }),
      problems,
      embryoIds: () => ids,
      open: (embryoId) => openArchive(join(dir, zipOf.get(embryoId)!), embryoId, labels.get(embryoId)),
    };
    return source;
  },
};

function readLabels(table: CsvTable, problems: Problem[]): Map<string, LabelRow> {
  for (const structure of ["icm", "te"]) {
    if (
      !table.header.includes("embryo_id") ||
      !(table.header.includes(structure) || table.header.includes(`${structure}_votes`))
    ) {
      throw new SourceInvalid(
        `${LABELS_FILE} needs the columns embryo_id, icm and te (or icm_votes and te_votes); it has ${table.header.join(", ")}.`,
      );
    }
  }
  return labelRows(table, { file: LABELS_FILE, idColumn: "embryo_id", schema: LabelRow }, problems);
}

/** The archive of each embryo; those of no label go by their file's name. */
async function matched(dir: string, zips: readonly string[], labels: ReadonlyMap<string, unknown>) {
  const byName = zips.map((zip) => [basename(zip, ".zip"), zip] as const);
  const zipOf = new Map(byName.filter(([name]) => labels.has(name)));
  for (const [name, zip] of byName.filter(([name]) => !labels.has(name))) {
    const said = await manifestId(join(dir, zip)).catch(() => name);
    const embryoId = labels.has(said) && !zipOf.has(said) ? said : name;
    zipOf.set(embryoId, zip);
  }
  return zipOf;
}

async function manifestId(file: string): Promise<string> {
  const { archive, handle } = await openZip(file);
  try {
    return (await readManifest(archive)).manifest.embryoId;
  } finally {
    await handle.close();
  }
}

async function openArchive(file: string, embryoId: string, label: LabelRow | undefined) {
  const { archive, handle } = await openZip(file);
  try {
    const read = await readManifest(archive);
    const { frames, ageYears, archiveDigest, warnings } = await ingestArchive(archive, read, null);
    return {
      embryoId,
      cycleId: label?.cycle_id ?? read.manifest.cycleId ?? embryoId,
      clinic: label?.clinic ?? null,
      ageYears,
      ...(label === undefined ? { icm: null, te: null } : gradesOf(embryoId, label)),
      icmVotes: label?.icm_votes ?? [],
      teVotes: label?.te_votes ?? [],
      annotatedHpi: label?.t_a_hpi ?? null,
      outcome: label?.outcome ?? null,
      split: label?.split ?? null,
      truth: null,
      archiveDigest,
      frames,
      problems: warnings.map((warning) => ({ embryoId, ...warning })),
      readFrames: (files: readonly string[]) => Promise.all(files.map((name) => archive.read(name))),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The training label of each structure. */
function gradesOf(embryoId: string, { icm, te, icm_votes, te_votes }: LabelRow) {
  const counts = [icm_votes.length, te_votes.length].filter((count) => count > 0);
  // Of rows of unequal length a place that both have: past it there is no one annotator of both structures.
  const place = counts.length === 0 ? 0 : annotatorOf(embryoId, Math.min(...counts));
  const wordOf = (grade: Grade | null | undefined, votes: readonly Grade[]) =>
    // Blank in a column that is there means that nobody graded it; without a column there are only the votes.
    grade === undefined ? (votes[place] ?? null) : grade;
  return { icm: wordOf(icm, icm_votes), te: wordOf(te, te_votes) };
}

async function openZip(file: string): Promise<{ archive: OpenArchive; handle: FileHandle }> {
  const handle = await open(file).catch((cause) => {
    throw new FileUnreadable(`${file} cannot be opened: ${(cause as Error).message}.`, { cause });
  });
  try {
    return { archive: await zipArchiveReader.open(await randomAccess(file, handle)), handle };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function randomAccess(file: string, handle: FileHandle): Promise<RandomAccess> {
  const { size } = await handle.stat();
  return {
    size,
    async read(start, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - start)));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start).catch((cause) => {
        throw new FileUnreadable(`${file} cannot be read: ${(cause as Error).message}.`, { cause });
      });
      return bytes.subarray(0, bytesRead);
    },
  };
}
