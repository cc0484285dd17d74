import { ImageUnreadable, ImageUnsupported } from "../../core/errors.ts";
import type { Raster } from "./grey.ts";
import { refuseSize } from "./limits.ts";

// libvips reads no BMP. bmp-ts, by its source (1.0.9), ignores where the header says that the pixels start, applies
// masks that an uncompressed bitmap is to ignore, and allocates by the header before it looks at the bytes. The three
// layouts that microscopes write are few lines.

const FILE_HEADER_BYTES = 14;
const INFO_HEADER_BYTES = 40;
const UNCOMPRESSED = 0;
const BIT_FIELDS = 3;
/** The layout that BMP has without bit fields, said in bit fields; software writes it so to be explicit. */
const USUAL_MASKS = [0x00ff0000, 0x0000ff00, 0x000000ff];

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bitsPerPixel: 8 | 24 | 32;
  readonly pixelStart: number;
  readonly hasAlpha: boolean;
  /** Red, green, blue per index; null where pixels hold them themselves. */
  readonly palette: Uint8Array | null;
}

/**
 * Decodes an uncompressed Windows bitmap of 8 (palette), 24 or 32 bits per pixel.
 *
 * @returns red, green and blue, and whether there was an alpha channel to drop
 * @throws ImageUnsupported; ImageTooLarge; ImageUnreadable
 */
export function decodeBmp(bytes: Uint8Array): { raster: Raster; hasAlpha: boolean } {
  const header = parseHeader(bytes);
  const { width, height, bitsPerPixel, palette } = header;
  const rowBytes = Math.ceil((width * bitsPerPixel) / 32) * 4;
  if (header.pixelStart + rowBytes * (height - 1) + Math.ceil((width * bitsPerPixel) / 8) > bytes.length) {
    throw new ImageUnreadable("The BMP is cut off. Export it again.");
  }

  const step = bitsPerPixel / 8;
  const pixels = new Uint8Array(width * height * 3);
  let out = 0;
  for (let row = 0; row < height; row++) {
    let at = header.pixelStart + rowBytes * (header.topDown ? row : height - 1 - row);
    for (let column = 0; column < width; column++, at += step, out += 3) {
      if (palette === null) {
        pixels[out] = bytes[at + 2]!;
        pixels[out + 1] = bytes[at + 1]!;
        pixels[out + 2] = bytes[at]!;
      } else {
        const index = bytes[at]! * 3;
        if (index >= palette.length)
          throw new ImageUnreadable("The BMP uses a colour that it does not define. Export it again.");
        pixels[out] = palette[index]!;
        pixels[out + 1] = palette[index + 1]!;
        pixels[out + 2] = palette[index + 2]!;
      }
    }
  }
  return { raster: { width, height, channels: 3, pixels }, hasAlpha: header.hasAlpha };
}

function parseHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FILE_HEADER_BYTES + INFO_HEADER_BYTES)
    throw new ImageUnreadable("The BMP is cut off. Export it again.");
  const headerBytes = view.getUint32(14, true);
  if (headerBytes < INFO_HEADER_BYTES || headerBytes > 124) {
    throw new ImageUnsupported("The BMP is of a kind that is not taken. Export it as PNG.");
  }
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  if (width <= 0 || height === 0) throw new ImageUnreadable("The BMP has no size. Export it again.");
  refuseSize(width, height);

  const bitsPerPixel = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  if ((bitsPerPixel !== 8 && bitsPerPixel !== 24 && bitsPerPixel !== 32) || !isPlain(view, bitsPerPixel, compression)) {
    throw new ImageUnsupported(
      `The BMP has ${bitsPerPixel} bits per pixel in layout ${compression}; plain 8, 24 and 32 bits are taken. Export it as PNG.`,
    );
  }
  return {
    width,
    height,
    topDown: signedHeight < 0,
    bitsPerPixel,
    pixelStart: view.getUint32(10, true),
    // Without bit fields, the fourth byte means nothing.
    hasAlpha: compression === BIT_FIELDS && headerBytes >= 56 && bytes.length >= 70 && view.getUint32(66, true) !== 0,
    palette: bitsPerPixel === 8 ? parsePalette(bytes, view, FILE_HEADER_BYTES + headerBytes) : null,
  };
}

function isPlain(view: DataView, bitsPerPixel: number, compression: number): boolean {
  if (compression === UNCOMPRESSED) return true;
  const masksStart = FILE_HEADER_BYTES + INFO_HEADER_BYTES;
  if (compression !== BIT_FIELDS || bitsPerPixel !== 32 || view.byteLength < masksStart + 12) return false;
  return USUAL_MASKS.every((mask, channel) => view.getUint32(masksStart + channel * 4, true) === mask);
}

function parsePalette(bytes: Uint8Array, view: DataView, start: number): Uint8Array {
  // 0 stands for all 256. More than 8 bits can say is a lie; the bytes are bounded by the file either way.
  const colours = Math.min(view.getUint32(46, true) || 256, 256);
  if (start + colours * 4 > bytes.length) throw new ImageUnreadable("The BMP is cut off. Export it again.");
  const palette = new Uint8Array(colours * 3);
  for (let colour = 0; colour < colours; colour++) {
    const at = start + colour * 4;
    palette.set([bytes[at + 2]!, bytes[at + 1]!, bytes[at]!], colour * 3);
  }
  return palette;
}
