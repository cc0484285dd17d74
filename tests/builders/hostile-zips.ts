import { crc32, deflateRawSync } from "node:zlib";
import { ZipFile } from "yazl";

export type ZipFiles = Readonly<Record<string, string | Uint8Array>>;

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const MTIME = new Date(2026, 0, 2, 12);
const MEBIBYTE = 2 ** 20;

/** An ordinary zip; every hostile one below is one of these with something wrong. */
export async function zipOf(
  files: ZipFiles,
  options: { readonly compress?: boolean; readonly zip64?: boolean } = {},
): Promise<Buffer> {
  const { compress = true, zip64 = false } = options;
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) {
    if (name.endsWith("/")) zip.addEmptyDirectory(name, { mtime: MTIME });
    else zip.addBuffer(Buffer.from(content), name, { compress, mtime: MTIME, forceZip64Format: zip64 });
  }
  zip.end({ forceZip64Format: zip64, comment: "" });
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Bytes that are a text, not a zip. */
export function notAZip(): Buffer {
  return Buffer.from("Dear laboratory, please find the embryo attached. ".repeat(20));
}

/** Zero bytes. */
export function emptyUpload(): Buffer {
  return Buffer.alloc(0);
}

/** A valid zip without entries. */
export async function emptyZip(): Promise<Buffer> {
  return await zipOf({});
}

/** The first half of a zip: its directory is gone. */
export async function truncatedZip(files: ZipFiles): Promise<Buffer> {
  const zip = await zipOf(files);
  return zip.subarray(0, zip.length / 2);
}

/** The directory promises fewer bytes than the entry unpacks to. */
export async function lyingSizeZip(files: ZipFiles, name: string, promised = 1): Promise<Buffer> {
  return patchHeaders(await zipOf(files), name, { size: promised });
}

/** The content is not the one the directory's CRC-32 was taken of. */
export async function wrongCrcZip(files: ZipFiles, name: string): Promise<Buffer> {
  return patchHeaders(await zipOf(files), name, { crc32: 0x12345678 });
}

/** An entry that honestly says it unpacks from 100 KB to 100 MiB. */
export async function bombZip(files: ZipFiles, name = "bomb.png"): Promise<Buffer> {
  return await zipOf({ ...files, [name]: new Uint8Array(100 * MEBIBYTE) });
}

/** An entry that unpacks to 100 MiB and says that it has 1,000 bytes. */
export async function lyingBombZip(files: ZipFiles, name = "bomb.png"): Promise<Buffer> {
  return patchHeaders(await bombZip(files, name), name, { size: 1000 });
}

/** The whole of `files`, and an entry of that name, whatever yazl thinks of it. */
export async function zipWithName(files: ZipFiles, name: string): Promise<Buffer> {
  const placeholder = "x".repeat(Buffer.byteLength(name));
  return patchHeaders(await zipOf({ ...files, [placeholder]: "x" }), placeholder, { name });
}

/** An entry named `../evil.png`. */
export async function traversalNameZip(files: ZipFiles): Promise<Buffer> {
  return await zipWithName(files, "../evil.png");
}

/** An entry named `/etc/passwd`. */
export async function absoluteNameZip(files: ZipFiles): Promise<Buffer> {
  return await zipWithName(files, "/etc/passwd");
}

/** Two entries of one name, so that two readers could see two different archives. */
export async function duplicateNameZip(files: ZipFiles, name: string): Promise<Buffer> {
  return await zipWithName(files, name);
}

/** An entry marked as encrypted by a password. */
export async function encryptedZip(files: ZipFiles, name: string): Promise<Buffer> {
  return patchHeaders(await zipOf(files, { compress: true }), name, { flags: 0x0801 });
}

/** An entry marked as encrypted the strong way, at which yauzl stops reading the directory. */
export async function stronglyEncryptedZip(files: ZipFiles, name: string): Promise<Buffer> {
  return patchHeaders(await zipOf(files), name, { flags: 0x0841 });
}

/** An entry packed by LZMA. */
export async function lzmaZip(files: ZipFiles, name: string): Promise<Buffer> {
  return patchHeaders(await zipOf(files), name, { method: 14 });
}

/** Two directory entries that share one entry's bytes. */
export async function overlappingZip(files: ZipFiles, first: string, second: string): Promise<Buffer> {
  const zip = await zipOf(files);
  const start = headersOf(zip, first).central + 42;
  zip.writeUInt32LE(zip.readUInt32LE(start), headersOf(zip, second).central + 42);
  return zip;
}

/** The end record counts one entry fewer than there are. */
export async function hiddenEntryZip(files: ZipFiles): Promise<Buffer> {
  const zip = await zipOf(files);
  const end = zip.length - 22;
  if (zip.readUInt32LE(end) !== END_OF_DIRECTORY) throw new Error("no end record");
  const count = zip.readUInt16LE(end + 10) - 1;
  zip.writeUInt16LE(count, end + 8);
  zip.writeUInt16LE(count, end + 10);
  return zip;
}

/** A zip whose entry's own header has an extra field of 1,000 bytes that the directory does not have. */
export function longLocalExtraZip(name: string, content: Uint8Array): Buffer {
  const packed = deflateRawSync(content);
  const nameBytes = Buffer.from(name);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(nameBytes.length, 22);
  const extra = Buffer.alloc(1000);
  extra.writeUInt16LE(0xcafe, 0);
  extra.writeUInt16LE(996, 2);
  const localCommon = Buffer.from(common);
  localCommon.writeUInt16LE(extra.length, 24);
  const local = Buffer.concat([uint32(LOCAL_HEADER), localCommon, nameBytes, extra, packed]);
  const central = Buffer.concat([uint32(CENTRAL_HEADER), Buffer.from([20, 0]), common, Buffer.alloc(14), nameBytes]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END_OF_DIRECTORY, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

/** Changes the named entry's header in the directory and, where it has the same field, its own. */
function patchHeaders(
  zip: Buffer,
  name: string,
  change: { flags?: number; method?: number; crc32?: number; size?: number; name?: string },
): Buffer {
  const { local, central } = headersOf(zip, name);
  // The directory's header has two more bytes in front of the fields that both have.
  for (const fields of [local + 6, central + 8]) {
    if (change.flags !== undefined) zip.writeUInt16LE(change.flags, fields);
    if (change.method !== undefined) zip.writeUInt16LE(change.method, fields + 2);
    if (change.crc32 !== undefined) zip.writeUInt32LE(change.crc32, fields + 8);
    if (change.size !== undefined) zip.writeUInt32LE(change.size, fields + 16);
  }
  if (change.name !== undefined) {
    zip.write(change.name, local + 30, "utf8");
    zip.write(change.name, central + 46, "utf8");
  }
  return zip;
}

function headersOf(zip: Buffer, name: string): { local: number; central: number } {
  const nameBytes = Buffer.from(name);
  for (let at = zip.indexOf(uint32(CENTRAL_HEADER)); at >= 0; at = zip.indexOf(uint32(CENTRAL_HEADER), at + 1)) {
    const length = zip.readUInt16LE(at + 28);
    if (zip.subarray(at + 46, at + 46 + length).equals(nameBytes))
      return { local: zip.readUInt32LE(at + 42), central: at };
  }
  throw new Error(`no entry ${name}`);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
