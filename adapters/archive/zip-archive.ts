import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { type Entry, fromRandomAccessReaderPromise, getFileNameLowLevel, validateFileName, type ZipFile } from "yauzl";
import {
  ArchiveDamaged,
  ArchiveEmpty,
  ArchiveTooLarge,
  ArchiveUnsupported,
  FrameFileMissing,
  NotAZip,
  UnsafeEntryName,
} from "../../core/errors.ts";
import type { ArchiveEntry, ArchiveReader, OpenArchive, RandomAccess } from "../../core/ports.ts";
import { DirectoryReader } from "./range-window.ts";

export interface ZipLimits {
  /** Files in the archive. An embryo in 11 planes every 10 minutes for 7 days has 11,088. @default 100_000 */
  readonly entriesAtMost?: number;
  /** Of one file, unpacked. An 800 x 800 frame has under 1 MiB. @default 64 MiB */
  readonly entryBytesAtMost?: number;
  /** Of the list of files, as it is stored. @default 64 MiB */
  readonly directoryBytesAtMost?: number;
}

interface LocatedEntry extends ArchiveEntry {
  readonly compressedSize: number;
  readonly deflated: boolean;
  readonly start: number;
  /** Length of name and extra field in the directory, close to what the entry's own header has. */
  readonly headerEstimate: number;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
/** What an entry's own extra field may have beyond the directory's copy without a second range: Info-ZIP's has 4. */
const EXTRA_FIELD_SLACK = 64;

const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 0x01;
const STRONGLY_ENCRYPTED = 0x40;

const inflate = promisify(inflateRaw) as (
  bytes: Uint8Array,
  options: { maxOutputLength: number },
) => Promise<Uint8Array>;

/** {@link zipReader} with its default limits. */
export const zipArchiveReader: ArchiveReader = zipReader();

/**
 * Reads zip archives (also zip64) by byte ranges: the directory once, then one range for each entry that is read.
 *
 * @example
 * const archive = await zipReader().open(source);
 * const manifest = await archive.read("manifest.json");
 */
export function zipReader(limits: ZipLimits = {}): ArchiveReader {
  const { entriesAtMost = 100_000, entryBytesAtMost = 64 * 2 ** 20, directoryBytesAtMost = 64 * 2 ** 20 } = limits;

  return {
    async open(source) {
      if (source.size === 0) throw new ArchiveEmpty("The upload has no bytes. Upload the archive again.");
      const reader = new DirectoryReader(source, directoryBytesAtMost);
      const entries = await readDirectory(source, reader, { entriesAtMost, entryBytesAtMost });
      return new RangedZip(source, entries);
    },
  };
}

async function readDirectory(
  source: RandomAccess,
  reader: DirectoryReader,
  limits: Required<Pick<ZipLimits, "entriesAtMost" | "entryBytesAtMost">>,
): Promise<ReadonlyMap<string, LocatedEntry>> {
  const zip = await openDirectory(source, reader);
  if (zip.entryCount === 0) {
    throw new ArchiveEmpty("The zip holds no files. Upload the embryo's frames together with manifest.json.");
  }
  if (zip.entryCount > limits.entriesAtMost) {
    throw new ArchiveTooLarge(
      `The zip lists ${zip.entryCount} files; a time-lapse has at most ${limits.entriesAtMost}. Upload one embryo per archive.`,
    );
  }

  const located = new Map<string, LocatedEntry>();
  let directoryStart: number | null = null;
  for await (const entry of entriesOf(zip, reader)) {
    directoryStart ??= reader.lastEnd - directoryBytes(entry);
    const name = safeName(entry);
    if (name.endsWith("/")) continue;
    if (located.has(name)) throw new ArchiveDamaged(`The zip holds ${quote(name)} twice. Pack the archive again.`);
    located.set(name, locate(name, entry, limits.entryBytesAtMost));
  }

  await refuseFurtherEntries(reader);
  if (located.size === 0) {
    throw new ArchiveEmpty(
      "The zip holds folders but no files. Upload the embryo's frames together with manifest.json.",
    );
  }
  refuseOverlaps(located, directoryStart ?? source.size);
  return located;
}

async function openDirectory(source: RandomAccess, reader: DirectoryReader): Promise<ZipFile> {
  try {
    return await fromRandomAccessReaderPromise(reader, source.size, { autoClose: false, decodeStrings: false });
  } catch (cause) {
    if (reader.sourceFailure !== null) throw reader.sourceFailure.error;
    const start = await source.read(0, Math.min(4, source.size));
    // A zip that was cut off has lost its directory, which lies at its end, but still begins like a zip.
    if (start[0] === 0x50 && start[1] === 0x4b) {
      throw new ArchiveDamaged("The zip has no valid end: it was cut off on its way. Upload it again.", { cause });
    }
    throw new NotAZip("The upload is not a zip. Pack the frames and manifest.json into one .zip file.", { cause });
  }
}

async function* entriesOf(zip: ZipFile, reader: DirectoryReader): AsyncGenerator<Entry> {
  const entries = zip.eachEntry()[Symbol.asyncIterator]();
  while (true) {
    let next: IteratorResult<Entry>;
    try {
      next = await entries.next();
    } catch (cause) {
      if (reader.sourceFailure !== null) throw reader.sourceFailure.error;
      refuseStrongEncryption(reader.last, cause);
      throw new ArchiveDamaged("The zip's list of files contradicts itself. Pack the archive again.", { cause });
    }
    if (next.done) return;
    yield next.value;
  }
}

/** yauzl gives up at such an entry's header, before it can say whose it is. */
function refuseStrongEncryption(header: Uint8Array, cause: unknown): void {
  if (header.length !== CENTRAL_HEADER_BYTES) return;
  const view = viewOf(header);
  if (view.getUint32(0, true) === CENTRAL_HEADER && view.getUint16(8, true) & STRONGLY_ENCRYPTED) {
    throw new ArchiveUnsupported("The zip is encrypted. Pack the archive again without a password.", { cause });
  }
}

function safeName(entry: Entry): string {
  const raw = entry.fileName as unknown as Buffer;
  // Strict: backslashes stay as they are, so that they are refused below and not turned into a path.
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, true);
  if (name === "") throw new ArchiveDamaged("The zip holds a file without a name. Pack the archive again.");
  if (validateFileName(name) !== null || hasControlCharacter(name)) {
    throw new UnsafeEntryName(
      `The zip holds a file named ${quote(name)}. Names must be relative to the archive, with "/" between folders and ` +
        'without "..": pack the archive again.',
    );
  }
  return name;
}

function locate(name: string, entry: Entry, bytesAtMost: number): LocatedEntry {
  if (entry.generalPurposeBitFlag & (ENCRYPTED | STRONGLY_ENCRYPTED)) {
    throw new ArchiveUnsupported(`${quote(name)} is encrypted. Pack the archive again without a password.`);
  }
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    throw new ArchiveUnsupported(
      `${quote(name)} is packed by method ${entry.compressionMethod}. Pack the archive again as an ordinary zip (deflate or stored).`,
    );
  }
  // Deflate can make incompressible bytes longer, by far less than this.
  if (entry.uncompressedSize > bytesAtMost || entry.compressedSize > bytesAtMost * 1.01 + 1024) {
    throw new ArchiveTooLarge(
      `${quote(name)} has ${Math.max(entry.uncompressedSize, entry.compressedSize)} bytes; at most ${bytesAtMost} are taken. ` +
        "Upload single frames, and no films.",
    );
  }
  return {
    name,
    crc32: entry.crc32,
    size: entry.uncompressedSize,
    compressedSize: entry.compressedSize,
    deflated: entry.compressionMethod === DEFLATED,
    start: entry.relativeOffsetOfLocalHeader,
    headerEstimate: entry.fileNameLength + entry.extraFieldLength,
  };
}

function directoryBytes(entry: Entry): number {
  return CENTRAL_HEADER_BYTES + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
}

/** A count that is too low would hide files, among them perhaps the manifest. */
async function refuseFurtherEntries(reader: DirectoryReader): Promise<void> {
  const next = await reader.bytesAt(reader.lastEnd, 4);
  if (next.length === 4 && viewOf(next).getUint32(0, true) === CENTRAL_HEADER) {
    throw new ArchiveDamaged("The zip lists more files than it says it has. Pack the archive again.");
  }
}

/** Entries that share bytes are how a small zip pretends to hold a large amount; no packer writes them. */
function refuseOverlaps(entries: ReadonlyMap<string, LocatedEntry>, directoryStart: number): void {
  const byStart = [...entries.values()].sort((a, b) => a.start - b.start);
  for (const [index, entry] of byStart.entries()) {
    const limit = byStart[index + 1]?.start ?? directoryStart;
    if (entry.start + LOCAL_HEADER_BYTES + entry.compressedSize > limit) {
      throw new ArchiveDamaged(
        `${quote(entry.name)} overlaps with what follows it in the zip. Pack the archive again.`,
      );
    }
  }
}

class RangedZip implements OpenArchive {
  readonly entries: ReadonlyMap<string, LocatedEntry>;
  readonly #source: RandomAccess;

  constructor(source: RandomAccess, entries: ReadonlyMap<string, LocatedEntry>) {
    this.#source = source;
    this.entries = entries;
  }

  async read(name: string): Promise<Uint8Array> {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new FrameFileMissing(`The zip holds no file ${quote(name)}.`);

    const packed = await this.#readPacked(entry);
    const bytes = entry.deflated ? await unpack(entry, packed) : packed;

    if (bytes.length !== entry.size) {
      throw new ArchiveDamaged(
        `${quote(name)} has ${bytes.length} bytes where the zip promises ${entry.size}. Pack the archive again.`,
      );
    }
    if (crc32(bytes) !== entry.crc32) {
      throw new ArchiveDamaged(
        `${quote(name)} has another checksum (CRC-32) than the zip promises: it was altered on its way. Upload it again.`,
      );
    }
    return bytes;
  }

  /** Header and bytes in one range; a second one only where the entry's own extra field is unusually long. */
  async #readPacked(entry: LocatedEntry): Promise<Uint8Array> {
    const wanted = LOCAL_HEADER_BYTES + entry.headerEstimate + EXTRA_FIELD_SLACK + entry.compressedSize;
    const range = await this.#source.read(entry.start, Math.min(wanted, this.#source.size - entry.start));
    if (range.length < LOCAL_HEADER_BYTES || viewOf(range).getUint32(0, true) !== LOCAL_HEADER) throw misplaced(entry);

    const start = LOCAL_HEADER_BYTES + viewOf(range).getUint16(26, true) + viewOf(range).getUint16(28, true);
    const end = start + entry.compressedSize;
    if (end <= range.length) return range.subarray(start, end);

    // The header's own lengths are as little to be trusted as the rest.
    if (entry.start + end > this.#source.size) throw misplaced(entry);
    const packed = await this.#source.read(entry.start + start, entry.compressedSize);
    if (packed.length !== entry.compressedSize) throw misplaced(entry);
    return packed;
  }
}

async function unpack(entry: LocatedEntry, packed: Uint8Array): Promise<Uint8Array> {
  try {
    // zlib stops as soon as there is more than was promised; it takes no limit of 0.
    return await inflate(packed, { maxOutputLength: Math.max(1, entry.size) });
  } catch (cause) {
    throw new ArchiveDamaged(
      `${quote(entry.name)} does not unpack to the ${entry.size} bytes that the zip promises. Pack the archive again.`,
      { cause },
    );
  }
}

function misplaced(entry: LocatedEntry): ArchiveDamaged {
  return new ArchiveDamaged(`${quote(entry.name)} is not where the zip's list of files says. Pack the archive again.`);
}

function hasControlCharacter(name: string): boolean {
  return /\p{Cc}/u.test(name);
}

/** Names come from strangers and end up in logs and on pages: bounded, and without control characters. */
function quote(name: string): string {
  const shown = name.length > 120 ? `${name.slice(0, 120)}...` : name;
  return JSON.stringify(shown);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
