import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeRgbPng } from "../../adapters/image/png-encoder.ts";
import { sharpDecoder, sharpEncoder } from "../../adapters/image/sharp-pictures.ts";
import { BlastogradeError } from "../../core/errors.ts";
import type { GreyImage } from "../../core/ports.ts";
import * as pictures from "../builders/pictures.ts";

const ORIGINAL = pictures.greyPicture();

describe("pictures", () => {
  it.each([
    ["PNG", () => pictures.greyPng()],
    ["TIFF", () => pictures.tiff()],
    ["TIFF compressed by LZW", () => pictures.lzwTiff()],
    ["PNG with three equal channels", () => pictures.greyAsRgbPng()],
    ["BMP of 8 bits", () => pictures.bmp(ORIGINAL, { bits: 8 })],
    ["BMP of 24 bits", () => pictures.bmp(ORIGINAL, { bits: 24 })],
    ["BMP of 32 bits", () => pictures.bmp(ORIGINAL, { bits: 32 })],
    ["BMP stored top-down", () => pictures.bmp(ORIGINAL, { topDown: true })],
    ["BMP with a gap before its pixels", () => pictures.bmp(ORIGINAL, { gap: 10 })],
  ])("come back pixel for pixel and without a warning from a grey %s", async (_format, build) => {
    const bytes = await build();

    const decoded = await sharpDecoder.decodeGrey(bytes);

    expect(decoded).toEqual({ image: plain(ORIGINAL), warnings: [] });
  });

  it("come back whole from a BMP whose rows are padded", async () => {
    const odd = pictures.greyPicture({ width: 67, height: 65 });

    const decoded = await Promise.all(
      ([8, 24] as const).map((bits) => sharpDecoder.decodeGrey(pictures.bmp(odd, { bits }))),
    );

    expect(decoded.map(({ image }) => image)).toEqual([plain(odd), plain(odd)]);
  });

  it.each([
    ["JPEG", () => pictures.greyJpeg(), []],
    ["JPEG in colour space YCbCr", () => pictures.greyAsRgbJpeg(), []],
    ["PNG of 16 bits", () => pictures.png16(), ["PICTURE_16_BIT"]],
    ["TIFF of 16 bits", () => pictures.tiff(ORIGINAL, { bits: 16 }), ["PICTURE_16_BIT"]],
    ["PNG of 16 bits that holds 12", () => pictures.png16With12Bits(), ["PICTURE_16_BIT"]],
    [
      "PNG of 16 bits that holds 12 and an alpha channel",
      () => pictures.alphaPng16With12Bits(),
      ["PICTURE_ALPHA", "PICTURE_16_BIT"],
    ],
    ["PNG with an alpha channel", () => pictures.alphaPng(), ["PICTURE_ALPHA"]],
    ["TIFF of two pages", () => pictures.tiff(ORIGINAL, { pages: 2 }), ["PICTURE_PAGES"]],
    ["JPEG turned by EXIF", () => pictures.exifRotatedJpeg(), ["PICTURE_ROTATED"]],
  ])("come back upright and alike from a grey %s, with a warning for what was done", async (_format, build, codes) => {
    const bytes = await build();

    const { image, warnings } = await sharpDecoder.decodeGrey(bytes);

    expect(warnings.map(({ code }) => code)).toEqual(codes);
    expect([image.width, image.height]).toEqual([ORIGINAL.width, ORIGINAL.height]);
    expect(meanDifference(image, ORIGINAL)).toBeLessThan(4);
  });

  it("come back from CMYK in the same order of brightness, with a warning", async () => {
    const bytes = await pictures.cmykJpeg();

    const { image, warnings } = await sharpDecoder.decodeGrey(bytes);

    // Printing inks have no exact greys, so that the values themselves move.
    expect(warnings.map(({ code }) => code)).toEqual(["PICTURE_CMYK"]);
    expect(meanDifference(image, ORIGINAL)).toBeLessThan(20);
    expect(image.pixels[8 * 96 + 8]).toBeGreaterThan(image.pixels.at(-1)! + 20);
    expect(image.pixels.at(-1)).toBeGreaterThan(image.pixels[0]! + 100);
  });

  it("are as dark as they are in a 12-bit archive: nothing is taken for 8 bits in 16", async () => {
    const dark = { ...ORIGINAL, pixels: ORIGINAL.pixels.map((grey) => grey >> 4) };
    const bytes = await pictures.png16With12Bits(dark);

    const { image } = await sharpDecoder.decodeGrey(bytes);

    expect(image).toEqual(plain(dark));
  });

  it("are turned from colour to luma, with a warning", async () => {
    const rgb = Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => [200, 100, 50][index % 3]!);
    const bytes = await encodeRgbPng(64, 64, rgb);

    const { image, warnings } = await sharpDecoder.decodeGrey(bytes);

    expect(warnings).toMatchObject([{ code: "PICTURE_COLOUR" }]);
    expect(new Set(image.pixels)).toEqual(new Set([Math.round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)]));
  });

  it.each([
    ["an SVG", () => pictures.svg(), "IMAGE_UNSUPPORTED"],
    ["a text", () => pictures.text(), "IMAGE_UNSUPPORTED"],
    ["no bytes", () => Buffer.alloc(0), "IMAGE_UNSUPPORTED"],
    ["a GIF", () => pictures.gif(), "IMAGE_UNSUPPORTED"],
    ["a WebP", () => pictures.webp(), "IMAGE_UNSUPPORTED"],
    ["a TIFF of floats", () => pictures.tiff(ORIGINAL, { bits: 32 }), "IMAGE_UNSUPPORTED"],
    ["a thumbnail", () => pictures.greyPng(pictures.greyPicture({ width: 63, height: 80 })), "IMAGE_UNSUPPORTED"],
    ["half a JPEG", () => pictures.halfJpeg(), "IMAGE_UNREADABLE"],
    ["half a PNG", async () => half(await pictures.greyPng()), "IMAGE_UNREADABLE"],
    ["half a TIFF", () => half(pictures.tiff()), "IMAGE_UNREADABLE"],
    ["half a TIFF without its directory", async () => half(await pictures.lzwTiff()), "IMAGE_UNREADABLE"],
    ["half a BMP", () => half(pictures.bmp()), "IMAGE_UNREADABLE"],
    ["the magic bytes of a JPEG alone", () => Buffer.from([0xff, 0xd8, 0xff]), "IMAGE_UNREADABLE"],
    ["the magic bytes of a BMP alone", () => Buffer.from("BM"), "IMAGE_UNREADABLE"],
    [
      "a BMP of noise",
      () => Buffer.concat([pictures.bmp().subarray(0, 28), Buffer.alloc(900, 7)]),
      "IMAGE_UNSUPPORTED",
    ],
    ["a PNG of 17,000 x 17,000", () => pictures.hugePng(), "IMAGE_TOO_LARGE"],
    [
      "a BMP that says it is huge",
      () => pictures.bmp(ORIGINAL, { claim: { width: 2e9, height: 2e9 } }),
      "IMAGE_TOO_LARGE",
    ],
  ])("are refused when they are %s", async (_what, build, code) => {
    const bytes = await build();

    const decoding = sharpDecoder.decodeGrey(bytes);

    await expect(decoding).rejects.toMatchObject({ code, retryable: false });
  });

  it("end in one of our own errors, whatever is altered or cut off", async () => {
    const samples = await Promise.all([
      pictures.greyJpeg(),
      pictures.greyPng(),
      pictures.tiff(),
      pictures.tiff(ORIGINAL, { bits: 16 }),
      pictures.bmp(ORIGINAL, { bits: 8 }),
    ]);
    // Mostly the first bytes, where the headers are.
    const place = fc.oneof(fc.nat(200), fc.nat(20_000));
    const flips = fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        flips,
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (sample, changes, part) => {
          const damaged = Buffer.from(sample);
          for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;

          await decodeOrRefuse(damaged);
          await decodeOrRefuse(damaged.subarray(0, Math.floor(part * damaged.length)));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("previews", () => {
  it("are WebP of the picture's size", async () => {
    const bytes = Buffer.from(await sharpEncoder.encodePreview(ORIGINAL));

    const frame = bytes.subarray(bytes.indexOf("VP8 "));
    expect(bytes.toString("latin1", 0, 4) + bytes.toString("latin1", 8, 12)).toBe("RIFFWEBP");
    expect([frame.readUInt16LE(14), frame.readUInt16LE(16)]).toEqual([ORIGINAL.width, ORIGINAL.height]);
  });
});

/** Without the class of the buffer, which is nobody's business. */
function plain({ width, height, pixels }: GreyImage): GreyImage {
  return { width, height, pixels: new Uint8Array(pixels) };
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}

function meanDifference(a: GreyImage, b: GreyImage): number {
  return a.pixels.reduce((sum, value, index) => sum + Math.abs(value - b.pixels[index]!), 0) / a.pixels.length;
}

async function decodeOrRefuse(bytes: Uint8Array): Promise<void> {
  try {
    const { image } = await sharpDecoder.decodeGrey(bytes);
    expect(image.pixels.length).toBe(image.width * image.height);
  } catch (error) {
    expect(error).toBeInstanceOf(BlastogradeError);
  }
}
