import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { Cohort, UploadTicket } from "../../core/contracts/http.ts";
import type { GreyImage } from "../../core/ports.ts";
import { notAZip } from "../builders/hostile-zips.ts";
import { expectRejection, expectStillGrades, type LocalClinic, openLocalClinic } from "../builders/local-clinic.ts";
import { blobOf, phantomArchive, phantomStill } from "../builders/phantom-archive.ts";
import * as pictures from "../builders/pictures.ts";

describe("odd stills", () => {
  let clinic: LocalClinic;

  beforeAll(async () => {
    clinic = await openLocalClinic();
  });
  afterAll(() => clinic.close());

  const upload = (bytes: Uint8Array, options: { embryoId?: string; cycleId?: string; ageYears?: number } = {}) =>
    clinic.upload(blobOf(bytes), { kind: "still", embryoId: "E 17", ...options });

  it.each<[string, () => Uint8Array | Promise<Uint8Array>, string]>([
    ["an empty well", () => phantomStill({ kind: "empty" }), "NO_EMBRYO"],
    ["an arrested embryo", () => phantomStill({ kind: "arrested" }), "NO_BLASTOCYST"],
    ["two embryos", twoEmbryos, "SEVERAL_EMBRYOS"],
    ["a text", notAZip, "IMAGE_UNSUPPORTED"],
    ["a BMP that lies about its size", lyingBmp, "IMAGE_UNREADABLE"],
    ["a PNG of 17000 x 17000", () => pictures.hugePng(), "IMAGE_TOO_LARGE"],
  ])("rejects a picture of %s and goes on grading", async (_what, build, code) => {
    const bad = await build();

    const answer = await upload(bad);

    expectRejection(answer, code);
    expect(answer.embryoId).toBe("E 17");
    expectStillGrades(await upload(await phantomStill(), { embryoId: "another" }));
  });

  it("rejects an archive that is said to be a still, and a picture that is said to be an archive", async () => {
    const archive = await phantomArchive();

    const asStill = await clinic.upload(archive, { kind: "still", embryoId: "E 17" });
    const asArchive = await clinic.upload(blobOf(await phantomStill()));

    expectRejection(asStill, "WRONG_KIND");
    expectRejection(asArchive, "WRONG_KIND");
  });

  it("grades a colour picture with a scale bar, and says that it was turned into grey", async () => {
    const coloured = await withScaleBar(await imageOf(8));

    const answer = await upload(coloured);

    expectStillGrades(answer, "PICTURE_COLOUR");
  });

  it("remarks on a neighbour that is cut off by the picture's edge", async () => {
    const [left, right] = await Promise.all([imageOf(8), imageOf(9)]);
    const cut = columns(beside(left, right), 740);

    const answer = await upload(await pictures.greyPng(cut));

    expectStillGrades(answer, "NEIGHBOUR");
  });

  it("shows a still under its embryo and its cycle, and grades it again from the record that is there", async () => {
    const said = { embryoId: "E 1", cycleId: "C 4", ageYears: 34 };
    const first = await upload(await phantomStill(), said);

    const second = await upload(await phantomStill(), said);

    expectStillGrades(first);
    expect(second.provenance).toEqual(first.provenance);
    expect(await clinic.answerOf("/v1/embryos/E%201")).toEqual(first);
    const cohort = Cohort.parse(await (await clinic.send("/v1/cycles/C%204")).json());
    expect(cohort.embryos).toMatchObject([{ embryoId: "E 1", rank: 1 }]);
  });

  it("takes no file that is past any picture", async () => {
    const body = JSON.stringify({ kind: "still", embryoId: "E 17" });
    const headers = { "Content-Type": "application/json" };
    const asked = await clinic.send("/v1/uploads", { method: "POST", body, headers });
    const { fields, url } = UploadTicket.parse(await asked.json());
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", new Blob([new Uint8Array(128 * 1024 ** 2 + 1)]), "upload");

    const posted = await clinic.send(new URL(url).pathname, { method: "POST", body: form });

    expect(posted.status).toBe(403);
    expect(await posted.json()).toMatchObject({ code: "UPLOAD_REFUSED" });
  });
});

async function imageOf(seed: number): Promise<GreyImage> {
  return (await sharpDecoder.decodeGrey(await phantomStill({ seed }))).image;
}

async function twoEmbryos(): Promise<Uint8Array> {
  return pictures.greyPng(beside(await imageOf(8), await imageOf(9)));
}

async function lyingBmp(): Promise<Uint8Array> {
  const { width, height, pixels } = await imageOf(8);
  return pictures.bmp({ width, height, pixels }, { claim: { width, height: 4 * height } });
}

/** A red bar and a grey embryo. */
function withScaleBar({ width, height, pixels }: GreyImage): Promise<Uint8Array> {
  const isBar = (pixel: number) => pixel % width < 100 && Math.floor(pixel / width) > height - 12;
  return pictures.rgbPng(width, height, (pixel) => (isBar(pixel) ? [220, 20, 20] : [0, 0, 0].fill(pixels[pixel]!)));
}

function beside(left: GreyImage, right: GreyImage): GreyImage {
  const width = left.width + right.width;
  const pixels = new Uint8Array(width * left.height);
  for (let y = 0; y < left.height; y++) {
    pixels.set(left.pixels.subarray(y * left.width, (y + 1) * left.width), y * width);
    pixels.set(right.pixels.subarray(y * right.width, (y + 1) * right.width), y * width + left.width);
  }
  return { width, height: left.height, pixels };
}

/** The picture's first columns. */
function columns({ width, height, pixels }: GreyImage, count: number): GreyImage {
  const kept = new Uint8Array(count * height);
  for (let y = 0; y < height; y++) kept.set(pixels.subarray(y * width, y * width + count), y * count);
  return { width: count, height, pixels: kept };
}
