import { link, mkdir, open, readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ObjectMissing } from "../../core/errors.ts";
import type { ObjectKey, ObjectStore, StoredObject } from "../../core/ports.ts";
import type { AfterDurableWrite, DurableWrite } from "./durable-write.ts";
import { onDisk, systemCode } from "./folder-failure.ts";
import { type IncomingFile, openIncoming, receiveFile } from "./incoming-files.ts";

export interface FolderObjectStoreOptions {
  /** Made if it is not there, for this user only: the pictures are patients'. */
  readonly root: string;
  readonly afterWrite?: AfterDurableWrite | undefined;
}

export interface FolderObjectStore extends ObjectStore {
  /**
   * Writes a stream of unknown length, whole or not at all: the object appears after `bytes` has ended without throwing.
   *
   * @throws UploadRefused when the size is outside the limits; StorageUnavailable; whatever `bytes` throws
   */
  writeStream(
    key: ObjectKey,
    bytes: AsyncIterable<Uint8Array>,
    limits: { minBytes?: number; maxBytes: number },
  ): Promise<StoredObject>;
}

const SEGMENT = /^[A-Za-z0-9._-]{1,200}$/;
const KEY_LENGTH_AT_MOST = 1024;
const VERSION = /^[0-9]{12}$/;

/**
 * Objects in a folder. The key `clips/a.npz` is the folder `clips/a.npz@`, which holds its versions as files numbered
 * upward; no segment of a key can end in `@`, so that `clips` and `clips/a.npz` can both be objects. A version is first
 * written beside the objects, flushed, and then linked to the next free number: link(2) fails where a file is, so readers
 * see whole objects only and two writers never take the same number.
 *
 * @example
 * const store = await openFolderObjectStore({ root: ".data/objects" });
 * const { version } = await store.write("clips/north/1.npz", bytes);
 */
export async function openFolderObjectStore(options: FolderObjectStoreOptions): Promise<FolderObjectStore> {
  const root = resolve(options.root);
  const incoming = await openIncoming(root);

  async function publish(key: ObjectKey, file: IncomingFile, write: DurableWrite): Promise<StoredObject> {
    const folder = versionFolder(root, key);
    try {
      const version = await onDisk(root, "store an object", async () => {
        await makeDurableFolder(root, folder);
        const claimed = await claimNextVersion(folder, file.path);
        await flushFolder(folder);
        return claimed;
      });
      options.afterWrite?.(write);
      return { key, version, size: file.size };
    } finally {
      await rm(file.path, { force: true }).catch(() => {}); // The next start removes it.
    }
  }

  /** Opens one version for reading; null when it is not there. */
  async function openVersion(key: ObjectKey, version: string | undefined) {
    if (!isObjectKey(key) || (version !== undefined && !VERSION.test(version))) return null;
    return onDisk(root, "be read", async () => {
      const folder = versionFolder(root, key);
      const wanted = version ?? (await newestVersion(folder));
      if (wanted === null) return null;
      const file = await unlessAbsent(open(join(folder, wanted), "r"));
      return file && { file, version: wanted };
    });
  }

  async function reading<T>(
    key: ObjectKey,
    version: string | undefined,
    read: (file: Awaited<ReturnType<typeof open>>) => Promise<T>,
  ): Promise<T> {
    const opened = await openVersion(key, version);
    if (!opened) {
      throw new ObjectMissing(`There is no object ${key}${version === undefined ? "" : ` of version ${version}`}.`);
    }
    try {
      return await onDisk(root, "be read", () => read(opened.file));
    } finally {
      await opened.file.close();
    }
  }

  return {
    async head(key, version) {
      const opened = await openVersion(key, version);
      if (!opened) return null;
      try {
        const { size } = await onDisk(root, "be read", () => opened.file.stat());
        return { key, version: opened.version, size };
      } finally {
        await opened.file.close();
      }
    },

    async read(key, version) {
      return reading(key, version, async (file) => plainBytes(await file.readFile()));
    },

    async readRange(key, start, length, version) {
      if (!Number.isSafeInteger(start) || !Number.isSafeInteger(length) || start < 0 || length < 0) {
        throw new RangeError(`A range of ${length} bytes from ${start} is none.`);
      }
      return reading(key, version, async (file) => {
        const { size } = await file.stat();
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - start)));
        for (let filled = 0; filled < bytes.length; ) {
          const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
          if (bytesRead === 0) throw new Error("an object became shorter while it was read");
          filled += bytesRead;
        }
        return bytes;
      });
    },

    async write(key, bytes) {
      requireObjectKey(key);
      const limits = { minBytes: 0, maxBytes: Number.POSITIVE_INFINITY };
      return publish(key, await receiveFile(incoming, [bytes], limits), "object.write");
    },

    async writeStream(key, bytes, { minBytes = 0, maxBytes }) {
      requireObjectKey(key);
      return publish(key, await receiveFile(incoming, bytes, { minBytes, maxBytes }), "upload.receive");
    },
  };
}

function isObjectKey(key: ObjectKey): boolean {
  return (
    key.length <= KEY_LENGTH_AT_MOST &&
    key.split("/").every((segment) => SEGMENT.test(segment) && segment !== "." && segment !== "..")
  );
}

/** Keys are made by our own code: one that breaks the alphabet is a bug of the caller, not a state of the store. */
function requireObjectKey(key: ObjectKey): void {
  if (!isObjectKey(key)) throw new RangeError(`${JSON.stringify(key)} is no object key.`);
}

function versionFolder(root: string, key: ObjectKey): string {
  return join(root, `${key}@`);
}

async function newestVersion(folder: string): Promise<string | null> {
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  return names.reduce<string | null>((newest, name) => {
    return VERSION.test(name) && (newest === null || name > newest) ? name : newest;
  }, null);
}

async function claimNextVersion(folder: string, file: string): Promise<string> {
  for (let number = Number((await newestVersion(folder)) ?? 0) + 1; ; number++) {
    const version = String(number).padStart(12, "0");
    try {
      await link(file, join(folder, version));
      return version;
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error; // Another writer took the number: the next one, then.
    }
  }
}

/** A new folder is only as durable as its entry in the folder above. */
async function makeDurableFolder(root: string, folder: string): Promise<void> {
  const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (firstMade === undefined) return;
  for (let made = folder; made !== root && made.startsWith(root); made = dirname(made))
    await flushFolder(dirname(made));
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessAbsent<T>(opening: Promise<T>): Promise<T | null> {
  try {
    return await opening;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Not a `Buffer`: its `slice` shares memory, and equality in tests and callers is that of bytes. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
