import { readdir } from "node:fs/promises";
import { type EmbryoSource, type SourceReader, SourceUnknown } from "./embryo-source.ts";
import { archives } from "./sources/archives.ts";
import { gomez2022 } from "./sources/gomez-2022.ts";
import { kromp2023 } from "./sources/kromp-2023.ts";
import { phantoms } from "./sources/phantoms.ts";

const READERS: readonly SourceReader[] = [phantoms, archives, gomez2022, kromp2023];

/**
 * Opens a folder with the first reader that knows its layout.
 *
 * @throws SourceUnknown which says for each kind what is missing; SourceInvalid
 * @example
 * const source = await openSource("gomez");
 * for (const embryoId of source.embryoIds()) console.log((await source.open(embryoId)).icm);
 */
export async function openSource(dir: string): Promise<EmbryoSource> {
  await readdir(dir).catch((cause) => {
    throw new SourceUnknown(`${dir} is no folder that can be read.`, { cause });
  });
  const reasons: string[] = [];
  for (const reader of READERS) {
    const opened = await reader.open(dir);
    if (typeof opened !== "string") return opened;
    reasons.push(`${reader.name}: ${opened}`);
  }
  throw new SourceUnknown(`${dir} is no data set that can be read. ${reasons.join("; ")}. See docs/datasets.md.`);
}
