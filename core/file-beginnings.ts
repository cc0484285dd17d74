/** Picture formats that are taken. */
export type PictureFormat = "jpeg" | "png" | "tiff" | "bmp";

/** As many bytes as tell every format. */
export const BEGINNING_BYTES = 8;

const PICTURES: readonly { readonly format: PictureFormat; readonly bytes: readonly number[] }[] = [
  { format: "jpeg", bytes: [0xff, 0xd8, 0xff] },
  { format: "png", bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { format: "tiff", bytes: [0x49, 0x49, 0x2a, 0x00] },
  { format: "tiff", bytes: [0x4d, 0x4d, 0x00, 0x2a] },
  { format: "tiff", bytes: [0x49, 0x49, 0x2b, 0x00] },
  { format: "tiff", bytes: [0x4d, 0x4d, 0x00, 0x2b] },
  { format: "bmp", bytes: [0x42, 0x4d] },
];

/** An entry, or the end of an archive without any. */
const ZIPS = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x50, 0x4b, 0x05, 0x06],
];

/** @returns the format of a picture by its first bytes, whatever its name says; null for no picture that is taken */
export function pictureFormat(bytes: Uint8Array): PictureFormat | null {
  return PICTURES.find((picture) => beginsWith(bytes, picture.bytes))?.format ?? null;
}

/** Whether a file begins as zips do. One with something before its first entry is a zip all the same, and does not. */
export function isZip(bytes: Uint8Array): boolean {
  return ZIPS.some((zip) => beginsWith(bytes, zip));
}

function beginsWith(bytes: Uint8Array, beginning: readonly number[]): boolean {
  return beginning.every((byte, index) => bytes[index] === byte);
}
