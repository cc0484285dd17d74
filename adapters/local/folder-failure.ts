import { StorageUnavailable } from "../../core/errors.ts";

const WHAT_HAPPENED: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; make room and try again",
  EDQUOT: "the disk quota is used up; make room and try again",
  EROFS: "the file system is read-only",
  EACCES: "this user may not read or write there; check the folder's owner",
  EPERM: "the file system forbids it; it has to allow hard links",
  ENOTSUP: "the file system has no hard links; choose another folder",
  EEXIST: "a file lies where a folder has to be; choose another folder",
  ENOTDIR: "a file lies where a folder has to be; choose another folder",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open on this machine",
  EIO: "the disk reports an error; check it before going on",
};

/** The code of a failed system call, or null for any other error. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Runs file-system calls and turns their failure into a sentence with the folder's name. */
export async function onDisk<T>(root: string, doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const code = systemCode(error);
    const happened = (code && WHAT_HAPPENED[code]) || (error instanceof Error ? error.message : String(error));
    throw new StorageUnavailable(`The folder ${root} could not ${doing}: ${happened}.`, { cause: error });
  }
}
