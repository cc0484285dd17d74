import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { ZipFile } from "yazl";

/** A file to be: its name in the archive and its content. */
export interface NewEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

// The first moment a zip can say. `forceDosTimestamp` leaves out the second, time-zoned timestamp.
const OPTIONS = { mtime: new Date(1980, 0, 1), mode: 0o100644, forceDosTimestamp: true } as const;
/** Bytes. */
const MOST_WAITING = 1 << 20;
const COMPRESSED_ALREADY = /\.(?:jpe?g|png|npz|zip)$/i;

/**
 * Writes a zip file, whole or not at all, one entry in memory at a time. The same entries give the same bytes, whatever
 * the time and the time zone; JPEG and PNG are stored, other entries deflated.
 *
 * @param file path of the archive; replaced when it is there
 */
export async function writeArchive(file: string, entries: AsyncIterable<NewEntry>): Promise<void> {
  const unfinished = `${file}.unfinished`;
  try {
    await pipeline(zipStream(entries), createWriteStream(unfinished));
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The bytes {@link writeArchive} would write. */
export async function zipArchive(entries: Iterable<NewEntry>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of zipStream(Readable.from(entries))) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function zipStream(entries: AsyncIterable<NewEntry>): Readable {
  const zip = new ZipFile();
  // yazl declares the narrower interface of what is a PassThrough.
  const output = zip.outputStream as Readable;
  const fail = (error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error)));
  zip.once("error", fail);
  fill(zip, output, entries).catch(fail);
  return output;
}

async function fill(zip: ZipFile, output: Readable, entries: AsyncIterable<NewEntry>): Promise<void> {
  for await (const { name, bytes } of entries) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    zip.addBuffer(buffer, name, { ...OPTIONS, compress: !COMPRESSED_ALREADY.test(name) });
    // yazl queues without limit: let this entry leave before the next is made.
    while (output.readableLength > MOST_WAITING && !output.destroyed) await setImmediate();
  }
  zip.end();
}
