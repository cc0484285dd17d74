import { crc32 } from "node:zlib";
import { zipSync } from "fflate";
import { ClipInvalid } from "../../core/errors.ts";

const END_OF_DIRECTORY = 0x06054b50;
const END_BYTES = 22;
const CENTRAL_HEADER = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_HEADER = 0x04034b50;
const LOCAL_BYTES = 30;
const ENTRIES_AT_MOST = 64;

/**
 * Packs `.npy` files into an `.npz` as `numpy.load(..., allow_pickle=False)` reads it: stored, in the order given, with
 * one fixed time, so that the same arrays give the same bytes.
 *
 * @param files contents by name, such as `frames.npy`
 */
export function encodeNpz(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  // A zip keeps local wall-clock time and fflate takes it from the Date in the machine's zone: a Date made of local
  // parts gives the same two numbers everywhere. Noon, because midnight does not exist in every zone on every day.
  const mtime = new Date(1980, 0, 1, 12);
  return zipSync({ ...files }, { level: 0, mtime });
}

/**
 * Reads the entries of an `.npz` whose entries are stored. The contents are views into `bytes`, so that no input makes
 * it allocate more than it was given.
 *
 * @throws ClipInvalid when it is no such file, is damaged, or holds an entry twice
 */
export function decodeNpz(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - END_BYTES;
  if (end < 0 || view.getUint32(end, true) !== END_OF_DIRECTORY) throw invalid("is no .npz, or was cut off");
  const count = view.getUint16(end + 10, true);
  if (count > ENTRIES_AT_MOST) throw invalid(`has ${count} entries`);

  const files = new Map<string, Uint8Array>();
  let header = view.getUint32(end + 16, true);
  for (let entry = 0; entry < count; entry++) {
    if (header + CENTRAL_BYTES > end || view.getUint32(header, true) !== CENTRAL_HEADER) throw invalid("is damaged");
    const nameEnd = header + CENTRAL_BYTES + view.getUint16(header + 28, true);
    if (nameEnd > end) throw invalid("is damaged");
    const name = Buffer.from(bytes.subarray(header + CENTRAL_BYTES, nameEnd)).toString("utf8");
    if (files.has(name)) throw invalid(`holds ${JSON.stringify(name)} twice`);
    files.set(name, storedContent(bytes, view, header, name));
    header = nameEnd + view.getUint16(header + 30, true) + view.getUint16(header + 32, true);
  }
  return files;
}

function storedContent(bytes: Uint8Array, view: DataView, header: number, name: string): Uint8Array {
  const size = view.getUint32(header + 24, true);
  const encrypted = (view.getUint16(header + 8, true) & 1) !== 0;
  if (encrypted || view.getUint16(header + 10, true) !== 0 || view.getUint32(header + 20, true) !== size) {
    throw invalid(`holds ${JSON.stringify(name)} compressed or encrypted; its entries must be stored`);
  }
  const local = view.getUint32(header + 42, true);
  if (local + LOCAL_BYTES > bytes.length || view.getUint32(local, true) !== LOCAL_HEADER) throw invalid("is damaged");
  const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const content = bytes.subarray(start, start + size);
  if (content.length !== size || crc32(content) !== view.getUint32(header + 16, true)) throw invalid("is damaged");
  return content;
}

function invalid(what: string): ClipInvalid {
  return new ClipInvalid(`The clip ${what}. Make it again from its archive.`);
}
