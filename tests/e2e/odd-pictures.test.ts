import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GreyImage } from "../../core/ports.ts";
import {
  expectGrades,
  expectRejection,
  expectStillGrading,
  type LocalClinic,
  openLocalClinic,
} from "../builders/local-clinic.ts";
import { type LooseArchive, loosePhantom, packed, repictured } from "../builders/phantom-archive.ts";
import * as pictures from "../builders/pictures.ts";

const FRAME = "frames/117h_0um.jpg";

describe("odd pictures", () => {
  let clinic: LocalClinic;
  let archive: LooseArchive;

  beforeAll(async () => {
    clinic = await openLocalClinic();
    archive = await loosePhantom();
  });
  afterAll(() => clinic.close());

  const withFrame = (bytes: Uint8Array) => packed({ ...archive, pictures: { ...archive.pictures, [FRAME]: bytes } });
  const halfOf = (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2);
  const withSmaller = async (beginning: string) =>
    packed(await repictured(archive, beginning, (image) => pictures.greyJpeg(withoutBorder(image, 50))));

  it.each<[string, () => Promise<Blob>, string]>([
    ["a JPEG cut in half", () => withFrame(halfOf(archive.pictures[FRAME]!)), "IMAGE_UNREADABLE"],
    ["an SVG named .jpg", () => withFrame(pictures.svg()), "IMAGE_UNSUPPORTED"],
    ["a text named .jpg", () => withFrame(pictures.text()), "IMAGE_UNSUPPORTED"],
    ["a GIF named .jpg", async () => withFrame(await pictures.gif()), "IMAGE_UNSUPPORTED"],
    ["a PNG of 17000 x 17000", () => withFrame(pictures.hugePng()), "IMAGE_TOO_LARGE"],
    ["planes of one time that differ in size", () => withSmaller(FRAME), "IMAGE_SIZES_DIFFER"],
    ["times that differ in size", () => withSmaller("frames/117h"), "IMAGE_SIZES_DIFFER"],
  ])("rejects %s and goes on grading", async (_what, build, code) => {
    const bad = await build();

    const answer = await clinic.upload(bad);

    expectRejection(answer, code);
    await expectStillGrading(clinic);
  });

  it.each<[string, (image: GreyImage) => Uint8Array | Promise<Uint8Array>, string[]]>([
    ["8-bit PNG", pictures.greyPng, []],
    ["8-bit TIFF", (image) => pictures.tiff(image), []],
    ["grey in three equal channels", pictures.greyAsRgbJpeg, []],
    ["16-bit PNG", pictures.png16, ["PICTURE_16_BIT"]],
    ["16-bit TIFF", (image) => pictures.tiff(image, { bits: 16 }), ["PICTURE_16_BIT"]],
    ["12 bits in 16", pictures.png16With12Bits, ["PICTURE_16_BIT"]],
    ["colour", pictures.colourPng, ["PICTURE_COLOUR"]],
    ["grey with alpha", pictures.alphaPng, ["PICTURE_ALPHA"]],
    ["CMYK", pictures.cmykJpeg, ["PICTURE_CMYK"]],
    ["EXIF-rotated", pictures.exifRotatedJpeg, ["PICTURE_ROTATED"]],
  ])("grades pictures that are %s, and says what was changed", async (_what, encode, warnings) => {
    const odd = await packed(await repictured(archive, "frames/92h", encode));

    const answer = await clinic.upload(odd);

    expectGrades(answer, "SHORT_SEQUENCE", ...warnings);
    expect(answer.sequence?.tMebHpi).toBeGreaterThanOrEqual(116);
  });

  it("grades a picture that is not square", async () => {
    const wide = await packed(await repictured(archive, "", (image) => pictures.greyPng(moved(image, 0, 640))));

    const answer = await clinic.upload(wide);

    expectGrades(answer, "SHORT_SEQUENCE");
  });

  it("grades an embryo that touches the picture's edge, and says that a part may be missing", async () => {
    const atEdge = await packed(await repictured(archive, "", (image) => pictures.greyPng(moved(image, 100))));

    const answer = await clinic.upload(atEdge);

    expect(answer.status).toBe("graded");
    expect(answer.warnings.map(({ code }) => code)).toContain("EMBRYO_AT_EDGE");
  });
});

function withoutBorder({ width, height, pixels }: GreyImage, border: number): GreyImage {
  const inner = { width: width - 2 * border, height: height - 2 * border };
  const part = new Uint8Array(inner.width * inner.height);
  for (let y = 0; y < inner.height; y++) {
    const row = (y + border) * width + border;
    part.set(pixels.subarray(row, row + inner.width), y * inner.width);
  }
  return { ...inner, pixels: part };
}

/** The picture pushed out of its left side, and its right border repeated up to the new width. */
function moved({ width, height, pixels }: GreyImage, leftOut: number, newWidth = width): GreyImage {
  const result = new Uint8Array(newWidth * height);
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * width + leftOut, (y + 1) * width);
    result.fill(row.at(-1)!, y * newWidth, (y + 1) * newWidth);
    result.set(row, y * newWidth);
  }
  return { width: newWidth, height, pixels: result };
}
