import { chmod, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DataFolderInUse } from "../../core/errors.ts";
import { onDisk } from "./folder-failure.ts";

export interface FolderLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes a folder for this process alone, making it if it is not there. The lock is the operating system's on an empty
 * SQLite file inside: it goes with the process however that ends, and leaves nothing to clean up.
 *
 * @example
 * const lock = await lockFolder(".data");
 * lock.release();
 *
 * @throws DataFolderInUse when another process, or this one, has it; StorageUnavailable
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const root = resolve(folder);
  const file = join(root, "lock.sqlite");
  const connection = await onDisk(root, "be locked", async () => {
    await mkdir(root, { recursive: true, mode: 0o700 });
    return new DatabaseSync(file, { timeout: 0 });
  });
  try {
    // Never ended, and never written in: an open transaction holds the lock, and a killed one has nothing to roll back.
    await onDisk(root, "be locked", async () => connection.exec("BEGIN EXCLUSIVE"));
    await onDisk(root, "be locked", () => chmod(file, 0o600));
  } catch (error) {
    connection.close();
    if (!isBusy(error)) throw error;
    const sentence = `The folder ${root} is in use by another Blastograde; stop that one, or choose another folder.`;
    throw new DataFolderInUse(sentence, { cause: error });
  }
  return { release: () => connection.close() };
}

function isBusy(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "errcode" in cause && Number(cause.errcode) % 256 === SQLITE_BUSY;
}
