import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { systemCode } from "../../../adapters/local/folder-failure.ts";
import { FileUnreadable } from "../embryo-source.ts";

/**
 * Finds what an unpacked download may hold at its top or one folder further down.
 *
 * @returns the paths whose last name passes, those at the top first, in order of name
 */
export async function findNearTop(dir: string, passes: (name: string) => boolean): Promise<string[]> {
  const top = (await readdir(dir, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const found = top.filter(({ name }) => passes(name)).map(({ name }) => join(dir, name));
  for (const folder of top.filter((entry) => entry.isDirectory() && !passes(entry.name))) {
    const names = (await namesIn(join(dir, folder.name))).sort();
    found.push(...names.filter(passes).map((name) => join(dir, folder.name, name)));
  }
  return found;
}

/** A folder, or the one of the same name within it, as archives unpack that hold their own name. */
export async function innermost(folder: string): Promise<string> {
  const inner = join(folder, basename(folder));
  return (await isFolder(inner)) ? inner : folder;
}

/** Whether a folder, or a link to one, lies there. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Names in a folder; none where there is no folder. @throws FileUnreadable */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause) => {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(cause) ?? "")) return [];
    throw new FileUnreadable(`The folder ${folder} cannot be read: ${(cause as Error).message}.`, { cause });
  });
}
