import { readFile } from "node:fs/promises";

/** Reads a file that was delivered with the program; null where there is none of this name. */
export type ReadAsset = (name: string) => Promise<Uint8Array | null>;

/**
 * The files of one folder, by plain names: no path leads out of it.
 *
 * @param folder ends with a slash
 * @example
 * const asset = assetFolder(new URL("./swagger-ui/", import.meta.url));
 * await asset("swagger-ui.css");
 */
export function assetFolder(folder: URL): ReadAsset {
  return async (name) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return null;
    try {
      return new Uint8Array(await readFile(new URL(name, folder)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  };
}
