import { AGE_YEARS_RANGE, type Warning } from "../contracts/identifiers.ts";
import { type Frame, MANIFEST_FILE, TimeLapseManifest } from "../contracts/time-lapse.ts";
import {
  AgeOutOfRange,
  ArchiveTooLarge,
  FocalPlanesMissing,
  FrameFileMissing,
  FrameRepeated,
  ManifestInvalid,
  ManifestMissing,
  NoBlastocystStage,
} from "../errors.ts";
import type { ArchiveEntry, OpenArchive } from "../ports.ts";
import { sha256Hex } from "../sha256.ts";
import { focalStacks, hasDepth } from "./focal-planes.ts";
import { BLASTOCYST_STAGE_HPI } from "./hourly-grid.ts";

// Some 40,000 frames; an embryo of six days in eleven planes has a quarter of them. Parsed, JSON takes many times its size.
const MANIFEST_BYTES_AT_MOST = 4 * 1024 ** 2;

/** `manifest.json` as it lies in the archive, and parsed. */
export interface ReadManifest {
  readonly bytes: Uint8Array;
  readonly manifest: TimeLapseManifest;
}

/** What an archive says, checked as far as it can be without reading a picture. */
export interface IngestedArchive {
  readonly archiveDigest: string;
  /** The upload's, else the manifest's. */
  readonly ageYears: number | null;
  /** In order of time, then of focal plane. */
  readonly frames: Frame[];
  readonly warnings: Warning[];
}

/** @throws ManifestMissing; ManifestInvalid; ArchiveTooLarge; whatever reading the entry throws */
export async function readManifest(archive: OpenArchive): Promise<ReadManifest> {
  const size = archive.entries.get(MANIFEST_FILE)?.size;
  if (size === undefined) {
    throw new ManifestMissing(
      `The archive has no ${MANIFEST_FILE} at its top level. Add one that lists the frames, and upload again.`,
    );
  }
  if (size > MANIFEST_BYTES_AT_MOST) {
    throw new ArchiveTooLarge(
      `${MANIFEST_FILE} has ${size} bytes; at most ${MANIFEST_BYTES_AT_MOST} are read. List each frame once, with its file, hpi and focal plane.`,
    );
  }
  const bytes = await archive.read(MANIFEST_FILE);
  return { bytes, manifest: parseManifest(bytes) };
}

/**
 * Validates an archive of kind `time-lapse` by its directory and its manifest alone.
 *
 * @param uploadAgeYears the age said at the upload, which wins over the manifest's
 * @throws FrameFileMissing; FrameRepeated; AgeOutOfRange; NoBlastocystStage; FocalPlanesMissing
 */
export async function ingestArchive(
  archive: OpenArchive,
  { bytes, manifest }: ReadManifest,
  uploadAgeYears: number | null,
): Promise<IngestedArchive> {
  const ageYears = uploadAgeYears ?? manifest.ageYears ?? null;
  refuseAge(ageYears);
  refuseMissingAndRepeated(manifest.frames, archive.entries);

  const frames = [...manifest.frames].sort((a, b) => a.hpi - b.hpi || a.focalPlaneUm - b.focalPlaneUm);
  refuseEarlyOrFlat(frames);

  return {
    ageYears,
    archiveDigest: await archiveDigest(bytes, archive.entries.values()),
    frames,
    warnings: isChronological(manifest.frames)
      ? []
      : [{ code: "FRAMES_OUT_OF_ORDER", detail: "The manifest's frames were not in order of time; they were sorted." }],
  };
}

/**
 * Digest of an archive's content, whatever the zip's layout: SHA-256 over the manifest's bytes and the sorted lines
 * (name, CRC-32, size) of the directory.
 */
export async function archiveDigest(manifest: Uint8Array, entries: Iterable<ArchiveEntry>): Promise<string> {
  const lines = [...entries].map((entry) => `${entry.name}\0${entry.crc32}\0${entry.size}\n`).sort();
  const directory = new TextEncoder().encode(lines.join(""));
  const both = new Uint8Array(manifest.length + directory.length);
  both.set(manifest);
  both.set(directory, manifest.length);
  return sha256Hex(both);
}

function refuseAge(ageYears: number | null): void {
  const { min, max } = AGE_YEARS_RANGE;
  if (ageYears === null || (ageYears >= min && ageYears <= max)) return;
  throw new AgeOutOfRange(`The age of ${ageYears} years is outside ${min} to ${max}. Correct it, or leave it out.`);
}

function parseManifest(bytes: Uint8Array): TimeLapseManifest {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ManifestInvalid(`${MANIFEST_FILE} is not JSON in UTF-8. Export the archive again.`, { cause });
  }
  const parsed = TimeLapseManifest.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") || "its top level";
  throw new ManifestInvalid(`${MANIFEST_FILE} breaks its schema at ${where}: ${issue?.message}. Correct it.`, {
    cause: parsed.error,
  });
}

function refuseMissingAndRepeated(frames: readonly Frame[], entries: ReadonlyMap<string, ArchiveEntry>): void {
  const files = new Set<string>();
  const positions = new Set<string>();
  for (const { file, hpi, focalPlaneUm } of frames) {
    if (!entries.has(file)) {
      throw new FrameFileMissing(
        `The manifest names ${file}, which the archive does not hold. Add it, or its line out.`,
      );
    }
    const position = `${hpi} hpi at ${focalPlaneUm} um`;
    if (files.has(file) || positions.has(position)) {
      throw new FrameRepeated(`The manifest lists ${files.has(file) ? file : position} twice. Keep one of the two.`);
    }
    files.add(file);
    positions.add(position);
  }
}

function refuseEarlyOrFlat(frames: readonly Frame[]): void {
  const blastocystStage = frames.filter((frame) => frame.hpi >= BLASTOCYST_STAGE_HPI);
  if (blastocystStage.length === 0) {
    throw new NoBlastocystStage(
      `The last frame is of ${frames.at(-1)!.hpi.toFixed(1)} hpi; grading needs frames from ${BLASTOCYST_STAGE_HPI} hpi on. ` +
        "Upload the archive again when the embryo is older.",
    );
  }
  if (!focalStacks(blastocystStage).some(hasDepth)) {
    throw new FocalPlanesMissing(
      "Every time from 90 hpi on has a single focal plane; grading needs those at -45, 0 and +45 um, or ones near them. " +
        "Export the archive with all focal planes.",
    );
  }
}

function isChronological(frames: readonly Frame[]): boolean {
  return frames.every((frame, index) => index === 0 || frames[index - 1]!.hpi <= frame.hpi);
}
