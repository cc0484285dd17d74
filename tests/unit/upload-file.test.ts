import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { embryoIdOfFile, kindOfFile } from "../../cli/upload-file.ts";
import { EmbryoId } from "../../core/contracts/identifiers.ts";
import { zipOf } from "../builders/hostile-zips.ts";
import * as pictures from "../builders/pictures.ts";
import { folderOf } from "../builders/run-command.ts";

describe("the kind of a file", () => {
  it("is told by its first bytes: a picture is a still, anything else an archive, which may be broken", async () => {
    const files = {
      "a.zip": await pictures.greyJpeg(),
      b: pictures.bmp(),
      "c.jpg": await zipOf({ "a.txt": pictures.text() }),
      "d.png": pictures.text(),
      "e.bmp": new Uint8Array(),
    };
    const folder = await folderOf(files);

    const kinds = Object.keys(files).map((name) => kindOfFile(join(folder, name)));

    expect(kinds).toEqual(["still", "still", "time-lapse", "time-lapse", "time-lapse"]);
  });
});

describe("the embryo of a still", () => {
  it.each([
    ["day 5/E-17.png", "E-17"],
    ["sfu_1201754_d5.bmp", "sfu_1201754_d5"],
    ["a.b.tiff", "a.b"],
    ["no extension", "no extension"],
    [".png", ".png"],
    [" .png", "still"],
    [" E 17 .png", "E 17"],
    ["a\tb.png", "a_b"],
    ["胚-3.jpg", "胚-3"],
    [`${"a".repeat(200)}.png`, "a".repeat(128)],
    [`${"a".repeat(127)} b.png`, "a".repeat(127)],
    [`${"a".repeat(127)}\u{1f9ec}.png`, `${"a".repeat(127)}\ufffd`],
  ])("has the file's name without its extension: %j gives %j", (path, embryoId) => {
    expect(embryoIdOfFile(path)).toBe(embryoId);
  });

  it("has a name that an embryo can have, whatever the file's", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
        expect(EmbryoId.safeParse(embryoIdOfFile(name)).success).toBe(true);
      }),
    );
  });
});
