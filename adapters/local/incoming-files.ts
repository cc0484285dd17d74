import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UploadRefused } from "../../core/errors.ts";
import { onDisk } from "./folder-failure.ts";

// Names this process among those that ever had its number: in a container, a restarted service is number 1 again.
const processToken = randomUUID();

export interface IncomingFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Makes `root`/.incoming and removes what killed writers left there; files of living processes stay. */
export async function openIncoming(root: string): Promise<string> {
  const folder = join(root, ".incoming");
  await onDisk(root, "be prepared", async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) {
      if (!belongsToTheLiving(name)) await rm(join(folder, name), { force: true, recursive: true });
    }
  });
  return folder;
}

/**
 * Writes all bytes to a file of its own and flushes it to the disk. Leaves no file behind when it throws.
 *
 * @throws UploadRefused when the size is outside `limits`; StorageUnavailable; whatever `bytes` throws
 */
export async function receiveFile(
  folder: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limits: { minBytes: number; maxBytes: number },
): Promise<IncomingFile> {
  const path = join(folder, `${process.pid}_${processToken}_${randomUUID()}`);
  const file = await onDisk(folder, "take a file", () => open(path, "wx", 0o600));
  try {
    let size = 0;
    for await (const chunk of bytes) {
      size += chunk.byteLength;
      if (size > limits.maxBytes)
        throw new UploadRefused(`The file has more than the ${limits.maxBytes} bytes allowed.`);
      await onDisk(folder, "take a file", () => file.writeFile(chunk));
    }
    if (size < limits.minBytes) {
      throw new UploadRefused(`The file has ${size} bytes; at least ${limits.minBytes} are needed.`);
    }
    await onDisk(folder, "take a file", () => file.sync());
    return { path, size };
  } catch (error) {
    await rm(path, { force: true }).catch(() => {}); // The next start removes it; the first error is the one to tell.
    throw error;
  } finally {
    await file.close().catch(() => {});
  }
}

function belongsToTheLiving(name: string): boolean {
  const [pid, token] = name.split("_");
  if (token === processToken) return true;
  const number = Number(pid);
  if (!Number.isSafeInteger(number) || number <= 0 || number === process.pid) return false;
  try {
    process.kill(number, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"; // Alive, but another user's.
  }
}
