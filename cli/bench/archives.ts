import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { type NewEntry, writeArchive } from "../../adapters/archive/zip-writer.ts";
import { type Frame, MANIFEST_FILE } from "../../core/contracts/time-lapse.ts";
import type { RandomAccess } from "../../core/ports.ts";
import { readManifest } from "../../core/timelapse/ingest-archive.ts";
import { archiveEntries, framePicture, INSTRUMENTS, type PhantomEmbryo } from "../../phantom/index.ts";

/**
 * An embryo's archive in a folder, drawn unless it is there. A phantom that is drawn otherwise than the one that lies
 * there has another name, and an archive appears under its name when it is whole.
 *
 * @returns the file
 */
export async function phantomArchiveFile(
  folder: string,
  embryo: PhantomEmbryo,
  say: (sentence: string) => void,
): Promise<string> {
  const sample = await framePicture(embryo, embryo.captureHpi[0]!, 0);
  const drawing = createHash("sha256").update(sample).update(JSON.stringify(embryo)).digest("hex").slice(0, 8);
  const file = join(folder, `${embryo.embryoId}-${embryo.instrument}-${drawing}.zip`);
  if (existsSync(file)) return file;
  const pictures = embryo.captureHpi.length * INSTRUMENTS[embryo.instrument].focalPlanesUm.length;
  say(`drawing ${pictures} pictures of ${embryo.embryoId}, once`);
  await mkdir(folder, { recursive: true });
  await writeArchive(file, told(archiveEntries(embryo), pictures, say));
  return file;
}

async function* told(entries: AsyncIterable<NewEntry>, count: number, say: (sentence: string) => void) {
  let drawn = -1; // The manifest is no picture.
  for await (const entry of entries) {
    yield entry;
    if (++drawn > 0 && drawn % Math.ceil(count / 10) === 0) say(`drew ${drawn} of ${count} pictures`);
  }
}

const NEEDED_PLANES_UM = [-45, 0, 45];
/** Where no selection looks. */
const FAR_UM = 250;

/** The same embryo with the same needed frames and other frames around them. */
const ARCHIVE_VARIANTS = {
  /** Only the three planes that selection wants, at every time. */
  small: (frames: readonly Frame[]) =>
    frames.filter(({ focalPlaneUm }) => NEEDED_PLANES_UM.includes(focalPlaneUm)).map((frame) => ({ frame, of: frame })),
  /** Three times the planes: each picture once more far above and far below. */
  large: (frames: readonly Frame[]) =>
    frames.flatMap((frame) => [0, -FAR_UM, FAR_UM].map((shift) => ({ frame: shifted(frame, shift), of: frame }))),
} as const;

function shifted(frame: Frame, um: number): Frame {
  if (um === 0) return frame;
  return { ...frame, file: `${um < 0 ? "below" : "above"}/${frame.file}`, focalPlaneUm: frame.focalPlaneUm + um };
}

/** Writes a variant of an archive beside it, unless it is there. @returns the file */
export async function archiveVariant(archive: string, variant: keyof typeof ARCHIVE_VARIANTS): Promise<string> {
  const file = archive.replace(/\.zip$/, `-${variant}.zip`);
  if (!existsSync(file)) {
    await withFile(archive, (source) => writeArchive(file, variantEntries(source, ARCHIVE_VARIANTS[variant])));
  }
  return file;
}

async function* variantEntries(
  source: RandomAccess,
  framesOf: (frames: readonly Frame[]) => { frame: Frame; of: Frame }[],
): AsyncGenerator<NewEntry> {
  const archive = await zipArchiveReader.open(source);
  const { manifest } = await readManifest(archive);
  const pictures = framesOf(manifest.frames);
  const json = JSON.stringify({ ...manifest, frames: pictures.map(({ frame }) => frame) }, null, 1);
  yield { name: MANIFEST_FILE, bytes: new TextEncoder().encode(`${json}\n`) };
  for (const { frame, of } of pictures) yield { name: frame.file, bytes: await archive.read(of.file) };
}

/** Opens a file for reading from anywhere, for as long as `work` takes. */
export async function withFile<T>(path: string, work: (source: RandomAccess) => Promise<T>): Promise<T> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    return await work({
      size,
      async read(start, length) {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - start)));
        for (let filled = 0; filled < bytes.length; ) {
          const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
          if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
          filled += bytesRead;
        }
        return bytes;
      },
    });
  } finally {
    await file.close();
  }
}
