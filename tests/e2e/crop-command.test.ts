import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { phantomEmbryo, renderFrame, renderMasks } from "../../phantom/index.ts";
import { loosePhantom } from "../builders/phantom-archive.ts";
import * as pictures from "../builders/pictures.ts";
import { folderOf, jsonLines, runCommand } from "../builders/run-command.ts";

interface CropLine {
  readonly file: string;
  readonly embryo: boolean;
  readonly centre: [number, number] | null;
  readonly areaFraction: number;
  readonly window: { left: number; top: number; size: number } | null;
}

async function embryoJpeg(kind: "blastocyst" | "empty" = "blastocyst"): Promise<Uint8Array> {
  const { pictures: drawn } = await loosePhantom({ kind, capturedHpi: [117], focalPlanesUm: [0] });
  return Object.values(drawn)[0]!;
}

describe("npm run crop", () => {
  it("prints where the embryo is, in pixels of the original, and draws it", async () => {
    const jpeg = await embryoJpeg();
    const { image } = await sharpDecoder.decodeGrey(jpeg);
    const bmp = pictures.bmp(image, { bits: 8 });
    const folder = await folderOf({ "well.jpg": jpeg, "still.bmp": bmp, "empty.jpg": await embryoJpeg("empty") });
    const files = ["well.jpg", "still.bmp", "empty.jpg"].map((name) => join(folder, name));
    const out = join(folder, "made", "on the way");

    const { exitCode, stdout, stderr } = await runCommand("crop", [...files, "--out", out]);

    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^demo: .*not for clinical use$/m);
    const [well, still, empty] = jsonLines(stdout) as CropLine[];
    expect(Object.keys(well!)).toEqual(["file", "embryo", "centre", "areaFraction", "window"]);
    expect(well).toMatchObject({ file: files[0], embryo: true });
    const [x, y] = well!.centre!;
    const { left, top, size } = well!.window!;
    expect(size).toBe(400);
    for (const [start, centre] of [
      [left, x],
      [top, y],
    ] as const) {
      expect(start).toBeGreaterThanOrEqual(0);
      expect(start + size).toBeLessThanOrEqual(500);
      expect(centre).toBeGreaterThan(150);
      expect(centre).toBeLessThan(350);
    }
    expect(well!.areaFraction).toBeGreaterThan(0.1);
    expect(well!.areaFraction).toBeLessThan(0.6);
    expect(still).toEqual({ ...well, file: files[1] });
    expect(empty).toEqual({ file: files[2], embryo: false, centre: null, areaFraction: 0, window: null });
    expect((await readdir(out)).sort()).toEqual(["empty-overlay.png", "still-overlay.png", "well-overlay.png"]);
    const overlay = await sharp(await readFile(join(out, "well-overlay.png"))).metadata();
    expect(overlay).toMatchObject({ width: 500, height: 500, format: "png" });
  });

  it("says how well the embryo found covers what somebody outlined, filled", async () => {
    const embryo = phantomEmbryo({ seed: 7, index: 1, kind: "blastocyst", instrument: "embryoscope" });
    const still = renderFrame(embryo, 117, 0);
    const { icm, te, embryo: whole } = renderMasks(embryo, 117);
    const drawn = (mask: Uint8Array) =>
      pictures.bmp({ ...still, pixels: mask.map((inside) => 255 * inside) }, { bits: 8 });
    // The zona without what it encloses, which nobody outlines.
    const isDeep = (p: number) => [-20, 20, -20 * still.width, 20 * still.width].every((step) => whole[p + step] === 1);
    const zona = whole.map((inside, p) => (isDeep(p) ? 0 : inside));
    const folder = await folderOf({
      "d5.bmp": pictures.bmp(still, { bits: 8 }),
      "d5_icm_mask.bmp": drawn(icm),
      "d5_te_mask.bmp": drawn(te),
      "d5_zp_mask.bmp": drawn(zona),
    });

    const { exitCode, stdout } = await runCommand("crop", [join(folder, "d5.bmp"), "--out", join(folder, "out")]);

    expect(exitCode).toBe(0);
    const [line] = jsonLines(stdout) as (CropLine & { dice: number })[];
    expect(line!.dice).toBeGreaterThan(0.85);
    expect(line!.dice).toBeLessThan(1);
  });

  it("draws every one of several pictures of the same name, and leaves the pictures themselves alone", async () => {
    const originals = { "x.jpg": await embryoJpeg(), "x.png": await pictures.greyPng() };
    const folder = await folderOf(originals);
    const files = Object.keys(originals).map((name) => join(folder, name));

    const { exitCode } = await runCommand("crop", [...files, "--out", folder]);

    expect(exitCode).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(["x-overlay-2.png", "x-overlay.png", "x.jpg", "x.png"]);
    for (const [name, bytes] of Object.entries(originals)) {
      expect((await readFile(join(folder, name))).equals(bytes)).toBe(true);
    }
  });

  it("ends with 2 when a picture cannot be read, says why, and goes on with the others", async () => {
    const folder = await folderOf({ "text.jpg": pictures.text(), "good.jpg": await embryoJpeg() });
    const files = ["text.jpg", "nowhere.jpg", "good.jpg"].map((name) => join(folder, name));

    const { exitCode, stdout } = await runCommand("crop", [...files, "--out", join(folder, "out")]);

    expect(exitCode).toBe(2);
    expect(jsonLines(stdout)).toMatchObject([
      { file: files[0], error: { code: "IMAGE_UNSUPPORTED" } },
      { file: files[1], error: { code: "FILE_UNREADABLE" } },
      { file: files[2], embryo: true },
    ]);
  });

  it.each([
    ["no picture", ["--out", "/tmp"], "No picture was named"],
    ["no place for the overlays", ["a.jpg"], "--out is missing"],
  ])("refuses a call with %s, and says how to call it", async (_what, args, sentence) => {
    const { exitCode, stdout, stderr } = await runCommand("crop", args);

    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(sentence);
    expect(stderr).toContain("Usage: npm run crop -- IMAGE");
  });
});
