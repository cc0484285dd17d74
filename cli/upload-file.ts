import { closeSync, openSync, readSync } from "node:fs";
import { basename, extname } from "node:path";
import type { ArchiveKind } from "../core/contracts/identifiers.ts";
import { BEGINNING_BYTES, pictureFormat } from "../core/file-beginnings.ts";

const EMBRYO_ID_LENGTH = 128;

/** @returns what a file is by its first bytes, whatever its name says: no picture is taken for an archive, which may be broken */
export function kindOfFile(path: string): ArchiveKind {
  const beginning = new Uint8Array(BEGINNING_BYTES);
  const file = openSync(path, "r");
  try {
    readSync(file, beginning);
  } finally {
    closeSync(file);
  }
  return pictureFormat(beginning) === null ? "time-lapse" : "still";
}

/**
 * The embryo that a still is named after: the file's name without its extension, what no embryo's name may have replaced by
 * `_`, and at most 128 characters of it.
 *
 * @example embryoIdOfFile("day 5/E-17.png") // "E-17"
 */
export function embryoIdOfFile(path: string): string {
  const name = basename(path, extname(path))
    .replaceAll(/\p{Cc}/gu, "_")
    .slice(0, EMBRYO_ID_LENGTH);
  // Cutting may leave half a character, or a blank at the end.
  return name.toWellFormed().trim() || "still";
}
