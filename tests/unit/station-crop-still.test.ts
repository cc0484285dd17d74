import { describe, expect, it } from "vitest";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import type { Clip } from "../../core/contracts/clip.ts";
import type { EmbryoSegmenter, GreyImage } from "../../core/ports.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { discSegmenter } from "../builders/memory-ports.ts";
import { phantomStill } from "../builders/phantom-archive.ts";
import * as pictures from "../builders/pictures.ts";
import { CLINIC, GRADING, receiveStill, type StationHouse, stationHouse } from "../builders/station-house.ts";

const PLANE = 224 * 224;

/** A still that has been through both stations. */
async function cropped(picture: Uint8Array, segmenter?: EmbryoSegmenter) {
  const house = { ...stationHouse(), ...(segmenter && { segmenter }) };
  await ingestUpload(await receiveStill(house, { picture, ageYears: 34 }), house);
  await cropEmbryo(house.cropJobs.messages[0]!, house);
  return { house, grading: (await house.gradings.find(GRADING))! };
}

async function clipOf(house: StationHouse): Promise<Clip> {
  return house.clips.decode(await house.objects.read(objectKeys.clip(CLINIC, GRADING)));
}

/** The phantom's picture, written anew. */
async function rewritten(encode: (image: GreyImage) => Uint8Array | Promise<Uint8Array>) {
  return encode(await decoded());
}

async function decoded() {
  return (await sharpDecoder.decodeGrey(await phantomStill())).image;
}

/** A cropper that sees discs, in its cells of which a picture has 64 a side. */
function seeing(...discs: readonly { x: number; radius: number }[]): EmbryoSegmenter {
  const probabilities = Float32Array.from({ length: 64 * 64 }, (_, cell) =>
    discs.some(({ x, radius }) => Math.hypot((cell % 64) + 0.5 - x, Math.floor(cell / 64) + 0.5 - 32) < radius)
      ? 0.9
      : 0.1,
  );
  return { sha256: "c".repeat(64), segment: async (seen) => seen.map(() => probabilities) };
}

/** Checks of 8 pixels that are paler in the middle: a cavity that is not clear. */
function paleMiddle(): GreyImage {
  const pixels = Uint8Array.from({ length: 400 * 400 }, (_, pixel) => {
    const [x, y] = [pixel % 400, Math.floor(pixel / 400)];
    const isMiddle = Math.hypot(x - 200, y - 200) < 90;
    return 128 + (((x >> 3) + (y >> 3)) % 2 === 0 ? 1 : -1) * (isMiddle ? 33 : 60);
  });
  return { width: 400, height: 400, pixels };
}

describe("the crop station, of a still", () => {
  it("makes a clip of one frame with the picture as all three planes, and asks the model", async () => {
    const { house, grading } = await cropped(await phantomStill());

    const { frames, hpi, meta } = await clipOf(house);
    expect(frames).toHaveLength(3 * PLANE);
    expect(frames.subarray(0, PLANE)).toEqual(frames.subarray(PLANE, 2 * PLANE));
    expect(frames.subarray(0, PLANE)).toEqual(frames.subarray(2 * PLANE));
    expect(new Set(frames).size).toBeGreaterThan(50);
    expect([...hpi]).toEqual([0]);
    expect(meta).toMatchObject({ kind: "still", ageYears: 34, archiveDigest: grading.archiveDigest });
    expect(house.endpoint.messages).toHaveLength(1);
    expect(await house.objects.head(objectKeys.preview(CLINIC, GRADING))).not.toBeNull();
    expect(grading).toMatchObject({
      status: "grading",
      sequence: { kind: "still", framesUsed: 1, firstHpi: null, tMebHpi: null, focalPlanesUm: [0, 0, 0] },
      warnings: [{ code: "SINGLE_PLANE", detail: expect.stringContaining("trained on three planes") }],
    });
  });

  it.each<[string, (image: GreyImage) => Uint8Array | Promise<Uint8Array>]>([
    ["a PNG", pictures.greyPng],
    ["a TIFF", (image) => pictures.tiff(image)],
    ["a BMP", (image) => pictures.bmp(image)],
  ])("takes %s for the same picture", async (_what, encode) => {
    const jpeg = await cropped(await phantomStill());

    const other = await cropped(await rewritten(encode));

    expect((await clipOf(other.house)).frames).toEqual((await clipOf(jpeg.house)).frames);
  });

  it.each<[string, () => Promise<Uint8Array>, string]>([
    ["a text", async () => pictures.text(), "IMAGE_UNSUPPORTED"],
    ["no bytes", async () => new Uint8Array(), "IMAGE_UNSUPPORTED"],
    ["a GIF", async () => pictures.gif(), "IMAGE_UNSUPPORTED"],
    ["a thumbnail", async () => pictures.greyPng(pictures.greyPicture({ width: 63, height: 63 })), "IMAGE_UNSUPPORTED"],
    ["half a JPEG", () => pictures.halfJpeg(), "IMAGE_UNREADABLE"],
    ["a PNG of 17000 x 17000", async () => pictures.hugePng(), "IMAGE_TOO_LARGE"],
    ["a BMP with fewer rows than it says", () => lyingBmp({ width: 96, height: 800 }), "IMAGE_UNREADABLE"],
    ["a BMP that says it is wider than it is", () => lyingBmp({ width: 800, height: 80 }), "IMAGE_UNREADABLE"],
    ["a BMP that says it is huge", () => lyingBmp({ width: 100_000, height: 100_000 }), "IMAGE_TOO_LARGE"],
    ["a BMP of a negative width", () => lyingBmp({ width: -96, height: 80 }), "IMAGE_UNREADABLE"],
  ])("rejects %s", async (_what, build, code) => {
    const { house, grading } = await cropped(await build());

    expect(grading).toMatchObject({ status: "rejected", rejection: { code } });
    expect(house.endpoint.messages).toEqual([]);
  });

  it("grades a colour picture, and says that it was turned into grey", async () => {
    const { grading } = await cropped(await rewritten(pictures.colourPng));

    expect(grading.status).toBe("grading");
    expect(grading.warnings.map(({ code }) => code)).toEqual(["SINGLE_PLANE", "PICTURE_COLOUR"]);
  });

  it.each<[string, EmbryoSegmenter, () => Promise<Uint8Array>, string]>([
    ["no embryo", discSegmenter({ radius: 0 }), phantomStill, "NO_EMBRYO"],
    ["two embryos", seeing({ x: 16, radius: 13 }, { x: 48, radius: 13 }), phantomStill, "SEVERAL_EMBRYOS"],
    ["half an embryo at its edge", seeing({ x: 0, radius: 20 }), phantomStill, "NO_EMBRYO"],
    ["no cavity", discSegmenter(), () => phantomStill({ kind: "arrested" }), "NO_BLASTOCYST"],
  ])("rejects a picture of %s with a sentence about the picture", async (_what, segmenter, build, code) => {
    const { house, grading } = await cropped(await build(), segmenter);

    expect(grading).toMatchObject({
      status: "rejected",
      rejection: { code, detail: expect.stringMatching(/picture/) },
    });
    expect(house.endpoint.messages).toEqual([]);
  });

  it.each<[string, () => Promise<Uint8Array>, EmbryoSegmenter, string]>([
    ["an embryo at the edge", phantomStill, discSegmenter({ radius: 32.6 }), "EMBRYO_AT_EDGE"],
    ["a neighbour at the edge", phantomStill, seeing({ x: 30, radius: 22 }, { x: 64, radius: 8 }), "NEIGHBOUR"],
    ["a cavity that is not clear", async () => pictures.greyPng(paleMiddle()), discSegmenter(), "CAVITY_UNCLEAR"],
  ])("remarks on %s, and grades it", async (_what, build, segmenter, code) => {
    const { grading } = await cropped(await build(), segmenter);

    expect(grading.status).toBe("grading");
    expect(grading.warnings.map((warning) => warning.code)).toContain(code);
  });

  it("rejects an upload whose picture is gone", async () => {
    const house = stationHouse();
    await ingestUpload(await receiveStill(house), house);

    await cropEmbryo(house.cropJobs.messages[0]!, { ...house, objects: { ...house.objects, head: async () => null } });

    expect(await house.gradings.find(GRADING)).toMatchObject({ rejection: { code: "OBJECT_MISSING" } });
  });
});

async function lyingBmp(claim: { width: number; height: number }): Promise<Uint8Array> {
  return pictures.bmp(pictures.greyPicture({ width: 96, height: 80 }), { claim });
}
