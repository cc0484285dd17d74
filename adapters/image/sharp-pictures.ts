import type { Metadata, SharpOptions } from "sharp";
import type { Warning } from "../../core/contracts/identifiers.ts";
import { ImageUnreadable, ImageUnsupported } from "../../core/errors.ts";
import { type PictureFormat, pictureFormat } from "../../core/file-beginnings.ts";
import type { PictureDecoder, PictureEncoder } from "../../core/ports.ts";
import { decodeBmp } from "./bmp.ts";
import { type Raster, toEightBits, toGrey } from "./grey.ts";
import { sharp } from "./libvips.ts";
import { PIXELS_AT_MOST, refuseSize } from "./limits.ts";

/** Good enough to recognise an embryo by; the networks never see a preview. */
const PREVIEW_QUALITY = 80;

const ALPHA: Warning = { code: "PICTURE_ALPHA", detail: "A picture's transparency was dropped." };
const CMYK: Warning = { code: "PICTURE_CMYK", detail: "A picture in printing colours (CMYK) was turned into grey." };
const COLOUR: Warning = { code: "PICTURE_COLOUR", detail: "A colour picture was turned into grey by its luma." };

/**
 * Decodes JPEG, PNG, TIFF and BMP into 8-bit grey, told apart by their first bytes and never by a name.
 *
 * Warnings: `PICTURE_16_BIT`, `PICTURE_COLOUR`, `PICTURE_ALPHA`, `PICTURE_CMYK`, `PICTURE_ROTATED`, `PICTURE_PAGES`.
 * A grey picture stored in three equal channels loses nothing, so it has no warning.
 *
 * @example
 * const { image, warnings } = await sharpDecoder.decodeGrey(bytes);
 */
export const sharpDecoder: PictureDecoder = {
  async decodeGrey(bytes) {
    const format = sniff(bytes);
    const { raster, warnings } = format === "bmp" ? fromBmp(bytes) : await fromSharp(bytes);
    const { image, coloured } = toGrey(raster);
    // Printing colours have a tint of their own, so that "colour" would say nothing about the picture.
    if (coloured && !warnings.includes(CMYK)) warnings.push(COLOUR);
    return { image, warnings };
  },
};

/** Makes the lossy WebP of a preview strip. */
export const sharpEncoder: PictureEncoder = {
  async encodePreview({ width, height, pixels }) {
    return await sharp(pixels, { raw: { width, height, channels: 1 } })
      .webp({ quality: PREVIEW_QUALITY })
      .toBuffer();
  },
};

function sniff(bytes: Uint8Array): PictureFormat {
  const format = pictureFormat(bytes);
  if (format !== null) return format;
  throw new ImageUnsupported(
    "The file is no JPEG, PNG, TIFF or BMP picture, whatever its name says. Export the frame in one of these formats.",
  );
}

function fromBmp(bytes: Uint8Array): { raster: Raster; warnings: Warning[] } {
  const { raster, hasAlpha } = decodeBmp(bytes);
  return { raster, warnings: hasAlpha ? [ALPHA] : [] };
}

async function fromSharp(bytes: Uint8Array): Promise<{ raster: Raster; warnings: Warning[] }> {
  const metadata = await readMetadata(bytes);
  refuseSize(metadata.width, metadata.height);
  const sixteenBit = metadata.depth === "ushort";
  if (!sixteenBit && metadata.depth !== "uchar") {
    throw new ImageUnsupported(
      `The picture's values are of type ${metadata.depth}; 8 and 16 bits without sign are taken. Export it as 8-bit PNG.`,
    );
  }

  const warnings = conversions(metadata);
  const decoded = await decode(bytes, metadata, sixteenBit);
  if (!sixteenBit) return { raster: decoded, warnings };

  const { pixels, bits } = toEightBits(new Uint16Array(new Uint8Array(decoded.pixels).buffer), decoded.channels);
  warnings.push({ code: "PICTURE_16_BIT", detail: `A 16-bit picture was taken as ${bits} bits and brought to 8.` });
  return { raster: { ...decoded, pixels }, warnings };
}

const OPTIONS: SharpOptions = {
  // Also invalid pixel values: a picture with grey where data was lost would get a grade. Warnings do not stop it,
  // because instruments write odd but harmless headers.
  failOn: "error",
  autoOrient: true,
};

async function readMetadata(bytes: Uint8Array): Promise<Metadata> {
  try {
    // Reads the header alone. Without sharp's own limit, so that a size is told from damage without reading messages.
    return await sharp(bytes, { ...OPTIONS, limitInputPixels: false }).metadata();
  } catch (cause) {
    throw new ImageUnreadable("The picture is damaged from its beginning. Export it again.", { cause });
  }
}

async function decode(bytes: Uint8Array, metadata: Metadata, sixteenBit: boolean): Promise<Raster> {
  // A profile would bend the values that the networks were trained on; only CMYK means nothing without one.
  const ignoreIcc = metadata.space !== "cmyk";
  const grey = metadata.space === "b-w" || metadata.space === "grey16";
  const space = sixteenBit ? (grey ? "grey16" : "rgb16") : grey ? "b-w" : "srgb";
  try {
    const { data, info } = await sharp(bytes, { ...OPTIONS, ignoreIcc, limitInputPixels: PIXELS_AT_MOST })
      .toColourspace(space)
      .raw({ depth: sixteenBit ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels: info.channels, pixels: data };
  } catch (cause) {
    throw new ImageUnreadable("The picture is cut off or damaged. Export it again.", { cause });
  }
}

function conversions({ space, hasAlpha, orientation, pages }: Metadata): Warning[] {
  const warnings: Warning[] = [];
  if (space === "cmyk") warnings.push(CMYK);
  if (hasAlpha) warnings.push(ALPHA);
  if (orientation !== undefined && orientation > 1) {
    warnings.push({ code: "PICTURE_ROTATED", detail: "A picture was turned as its EXIF orientation says." });
  }
  if (pages !== undefined && pages > 1) {
    warnings.push({ code: "PICTURE_PAGES", detail: `Of a file with ${pages} pictures, the first was taken.` });
  }
  return warnings;
}
