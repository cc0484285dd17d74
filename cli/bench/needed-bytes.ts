import { MANIFEST_FILE, type TimeLapseManifest } from "../../core/contracts/time-lapse.ts";
import type { RandomAccess } from "../../core/ports.ts";
import { chooseFocalPlanes, focalStacks, hasDepth } from "../../core/timelapse/focal-planes.ts";
import { BLASTOCYST_STAGE_HPI, hourlyGrid } from "../../core/timelapse/hourly-grid.ts";

const END_HEADER = 0x06054b50;
const END_BYTES = 22;
const CENTRAL_HEADER = 0x02014b50;
const CENTRAL_BYTES = 46;

/**
 * Compressed size of every entry, read from the zip's directory by other code than the reader that is measured. Without
 * zip64, encryption or a comment at the end: our own archives have none.
 */
export async function compressedSizes(zip: RandomAccess): Promise<Map<string, number>> {
  const end = viewOf(await zip.read(zip.size - END_BYTES, END_BYTES));
  if (end.getUint32(0, true) !== END_HEADER) throw new Error("the zip does not end as ours do");
  const directory = await zip.read(end.getUint32(16, true), end.getUint32(12, true));
  const view = viewOf(directory);
  const sizes = new Map<string, number>();
  for (let at = 0; at < directory.length; ) {
    if (view.getUint32(at, true) !== CENTRAL_HEADER) throw new Error(`no header at byte ${at} of the directory`);
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(directory.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength));
    sizes.set(name, view.getUint32(at + 20, true));
    at += CENTRAL_BYTES + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return sizes;
}

/** Files of the three planes of every hour from 90 hpi on: tMEB is found by looking at all of them. */
export function neededFiles({ frames }: TimeLapseManifest): string[] {
  const late = [...frames].filter(({ hpi }) => hpi >= BLASTOCYST_STAGE_HPI).sort((a, b) => a.hpi - b.hpi);
  const stacks = focalStacks(late).filter(hasDepth);
  const grid = hourlyGrid(stacks.map(({ hpi }) => hpi));
  return [...new Set(grid.flatMap((index) => chooseFocalPlanes(stacks[index]!).frames.map(({ file }) => file)))];
}

export interface NeededBytes {
  /** Compressed bytes of the manifest. */
  readonly manifest: number;
  /** Compressed bytes of {@link neededFiles}. */
  readonly frames: number;
  /** Number of {@link neededFiles}. */
  readonly pictures: number;
  /** Entries of the archive. */
  readonly entries: number;
}

/** The bytes of an archive without which it cannot be graded: its manifest and the frames that selection looks at. */
export async function neededBytes(zip: RandomAccess, manifest: TimeLapseManifest): Promise<NeededBytes> {
  const sizes = await compressedSizes(zip);
  const sizeOf = (file: string) => {
    const size = sizes.get(file);
    if (size === undefined) throw new Error(`the zip does not hold ${file}`);
    return size;
  };
  const files = neededFiles(manifest);
  return {
    manifest: sizeOf(MANIFEST_FILE),
    frames: files.reduce((sum, file) => sum + sizeOf(file), 0),
    pictures: files.length,
    entries: sizes.size,
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
