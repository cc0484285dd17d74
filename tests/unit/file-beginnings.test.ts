import { describe, expect, it } from "vitest";
import { isZip, pictureFormat } from "../../core/file-beginnings.ts";
import { emptyZip, zipOf } from "../builders/hostile-zips.ts";
import * as pictures from "../builders/pictures.ts";

describe("what a file is by its first bytes", () => {
  it.each<[string, () => Uint8Array | Promise<Uint8Array>]>([
    ["jpeg", pictures.greyJpeg],
    ["png", pictures.greyPng],
    ["tiff", pictures.lzwTiff],
    ["bmp", () => pictures.bmp()],
  ])("is a %s", async (format, build) => {
    const bytes = await build();

    expect(pictureFormat(bytes)).toBe(format);
    expect(isZip(bytes)).toBe(false);
  });

  it("is a TIFF of either byte order, large ones too", () => {
    const beginnings = ["II*\0", "MM\0*", "II+\0", "MM\0+"].map((text) => Buffer.from(text, "latin1"));

    expect(beginnings.map(pictureFormat)).toEqual(["tiff", "tiff", "tiff", "tiff"]);
  });

  it.each<[string, () => Uint8Array | Promise<Uint8Array>]>([
    ["with an entry", () => zipOf({ "a.txt": pictures.text() })],
    ["without one", emptyZip],
  ])("is a zip %s", async (_what, build) => {
    const bytes = await build();

    expect(isZip(bytes)).toBe(true);
    expect(pictureFormat(bytes)).toBeNull();
  });

  it.each<[string, () => Uint8Array | Promise<Uint8Array>]>([
    ["a text", pictures.text],
    ["a GIF", pictures.gif],
    ["an SVG", pictures.svg],
    ["nothing", () => new Uint8Array()],
    ["a byte of a zip", () => Buffer.from("P")],
    ["half the signature of a PNG", () => Buffer.from([0x89, 0x50, 0x4e, 0x47])],
  ])("is neither for %s", async (_what, build) => {
    const bytes = await build();

    expect([pictureFormat(bytes), isZip(bytes)]).toEqual([null, false]);
  });
});
