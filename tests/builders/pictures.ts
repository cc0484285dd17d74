import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import type { GreyImage } from "../../core/ports.ts";

/** A slope from dark to bright with a square in its upper left, so that every turn and flip of it looks different. */
export function greyPicture({ width = 96, height = 80 }: { width?: number; height?: number } = {}): GreyImage {
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inSquare = x >= 8 && x < 24 && y >= 8 && y < 24;
      pixels[y * width + x] = inSquare ? 250 : Math.round(20 + (100 * x) / width + (100 * y) / height);
    }
  }
  return { width, height, pixels };
}

const grey = (image: GreyImage) =>
  sharp(image.pixels, { raw: { width: image.width, height: image.height, channels: 1 } }).toColourspace("b-w");

/** Interleaved, from three functions of the grey value. */
function channelsOf(image: GreyImage, channels: readonly ((value: number) => number)[]) {
  const { width, height } = image;
  const pixels = Uint8Array.from({ length: image.pixels.length * channels.length }, (_, index) =>
    channels[index % channels.length]!(image.pixels[Math.floor(index / channels.length)]!),
  );
  return sharp(pixels, { raw: { width, height, channels: channels.length as 2 | 3 | 4 } });
}

const same = (value: number) => value;
const reddish = [same, (value: number) => value >> 1, (value: number) => value >> 2];

export const greyJpeg = async (image = greyPicture()) => await grey(image).jpeg({ quality: 95 }).toBuffer();
export const greyPng = async (image = greyPicture()) => await grey(image).png().toBuffer();
/** Compressed, its directory at the end. */
export const lzwTiff = async (image = greyPicture()) => await grey(image).tiff({ compression: "lzw" }).toBuffer();

/** A grey picture in three equal channels, as many exports write it. */
export const greyAsRgbPng = async (image = greyPicture()) =>
  await channelsOf(image, [same, same, same]).png().toBuffer();
export const greyAsRgbJpeg = async (image = greyPicture()) =>
  await channelsOf(image, [same, same, same]).jpeg().toBuffer();

export const colourPng = async (image = greyPicture()) => await channelsOf(image, reddish).png().toBuffer();
export const alphaPng = async (image = greyPicture()) =>
  await channelsOf(image, [same, () => 40])
    .png()
    .toBuffer();
export const cmykJpeg = async (image = greyPicture()) =>
  await channelsOf(image, [same, same, same]).toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer();

/** @param colourOf red, green and blue of each pixel, row by row */
export async function rgbPng(width: number, height: number, colourOf: (pixel: number) => number[]): Promise<Buffer> {
  const pixels = Uint8Array.from(Array.from({ length: width * height }, (_, pixel) => colourOf(pixel)).flat());
  return await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** Stored so that EXIF orientation 6, a quarter turn clockwise, is needed to see it upright. */
export const exifRotatedJpeg = async (image = greyPicture()) =>
  await grey(image).rotate(-90).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer();

/** 16 bits per pixel; `factor` 257 fills them, 16 leaves a 12-bit camera's values. Alpha is opaque as ever. */
function sixteenBits(image: GreyImage, factor: number, channels: 1 | 2 = 1) {
  const { width, height } = image;
  const values = new Uint16Array(image.pixels.length * channels).fill(0xffff);
  image.pixels.forEach((value, pixel) => {
    values[pixel * channels] = value * factor;
  });
  return sharp(values, { raw: { width, height, channels } }).toColourspace("grey16");
}
export const png16 = async (image = greyPicture()) => await sixteenBits(image, 257).png().toBuffer();
export const png16With12Bits = async (image = greyPicture()) => await sixteenBits(image, 16).png().toBuffer();
export const alphaPng16With12Bits = async (image = greyPicture()) => await sixteenBits(image, 16, 2).png().toBuffer();

/** An uncompressed grey TIFF of one strip, its directory in front: a cut takes pixels and leaves the header. */
export function tiff(
  image = greyPicture(),
  { bits = 8, pages = 1 }: { readonly bits?: 8 | 16 | 32; readonly pages?: number } = {},
): Buffer {
  const { width, height } = image;
  const values =
    bits === 8
      ? image.pixels
      : bits === 16
        ? Uint16Array.from(image.pixels, (v) => v * 257)
        : Float32Array.from(image.pixels);
  const content = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const FLOAT = 3;
  const UNSIGNED = 1;
  const directoryBytes = 2 + 10 * 12 + 4;
  const contentStart = 8 + pages * directoryBytes;
  const directories = Array.from({ length: pages }, (_, page) => {
    const tags: [number, number][] = [
      [256, width],
      [257, height],
      [258, bits],
      [259, 1],
      [262, 1],
      [273, contentStart],
      [277, 1],
      [278, height],
      [279, content.length],
      [339, bits === 32 ? FLOAT : UNSIGNED],
    ];
    const directory = Buffer.alloc(directoryBytes);
    directory.writeUInt16LE(tags.length, 0);
    for (const [index, [tag, value]] of tags.entries()) {
      directory.writeUInt16LE(tag, 2 + index * 12);
      directory.writeUInt16LE(4, 4 + index * 12);
      directory.writeUInt32LE(1, 6 + index * 12);
      directory.writeUInt32LE(value, 10 + index * 12);
    }
    directory.writeUInt32LE(page + 1 < pages ? 8 + (page + 1) * directoryBytes : 0, directoryBytes - 4);
    return directory;
  });
  return Buffer.concat([Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]), ...directories, content]);
}

/** A JPEG cut in the middle, as a broken upload leaves it. */
export async function halfJpeg(image = greyPicture()): Promise<Buffer> {
  const bytes = await greyJpeg(image);
  return bytes.subarray(0, bytes.length / 2);
}

export const gif = async () => await grey(greyPicture()).gif().toBuffer();
export const webp = async () => await grey(greyPicture()).webp().toBuffer();
/** What somebody names `frame.jpg`. */
export const svg = () =>
  Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500"><circle r="200" fill="grey"/></svg>');
export const text = () => Buffer.from("This is not the picture you are looking for. ".repeat(30));

/** A PNG of a few hundred bytes whose header promises `width` x `height` grey pixels. */
export function hugePng({ width = 17_000, height = 17_000 }: { width?: number; height?: number } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(new Uint8Array(100_000))),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

export interface BmpShape {
  readonly bits?: 8 | 24 | 32;
  readonly topDown?: boolean;
  /** Bytes between the header and the pixels, which the header allows for. */
  readonly gap?: number;
  /** The size that the header says, where it is not the picture's. */
  readonly claim?: { readonly width: number; readonly height: number };
}

/** A grey picture as Windows bitmap; with 8 bits the palette runs backwards, to tell index from colour. */
export function bmp(image = greyPicture(), { bits = 24, topDown = false, gap = 0, claim }: BmpShape = {}): Buffer {
  const { width, height, pixels } = image;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const paletteBytes = bits === 8 ? 1024 : 0;
  const pixelStart = 54 + paletteBytes + gap;
  const file = Buffer.alloc(pixelStart + rowBytes * height);
  file.write("BM", 0, "latin1");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(pixelStart, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(claim?.width ?? width, 18);
  file.writeInt32LE((claim?.height ?? height) * (topDown ? -1 : 1), 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(bits, 28);
  for (let index = 0; index < paletteBytes / 4; index++) file.fill(255 - index, 54 + index * 4, 57 + index * 4);

  for (let y = 0; y < height; y++) {
    const row = pixelStart + rowBytes * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const value = pixels[y * width + x]!;
      if (bits === 8) file[row + x] = 255 - value;
      else file.fill(value, row + (x * bits) / 8, row + (x * bits) / 8 + 3);
    }
  }
  return file;
}
