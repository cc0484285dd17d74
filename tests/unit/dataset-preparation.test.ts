import { describe, expect, it } from "vitest";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { prepareEmbryo, type Wanted } from "../../cli/dataset/embryo-preparation.ts";
import { openSource } from "../../cli/dataset/source.ts";
import type { EmbryoSegmenter } from "../../core/ports.ts";
import { blindSegmenter, discSegmenter, gomezFiles, gomezPicture, treeOf } from "../builders/dataset-folders.ts";
import { colourPng } from "../builders/pictures.ts";

const VIDEO = "AA83-7";
const PLANES_UM = [-45, -30, -15, 0, 15, 30, 45];

describe("an embryo that is prepared with remarks", () => {
  it("is used, with each remark of the crop station once", async () => {
    const files = await gomezFiles({ videos: [VIDEO] });
    for (let run = 1; run <= 5; run++) delete files[gomezPicture(VIDEO, -45, run)];

    const { embryo, clip, problems } = await prepared(files, { moments: { tA: 3, "110": 1 }, sequences: true });

    expect(embryo).not.toBeNull();
    expect(npzClipFormat.decode(clip!).hpi).toHaveLength(1);
    expect(problems).toEqual([
      { embryoId: VIDEO, code: "SINGLE_FRAME", detail: expect.stringContaining("a single hour") },
      { embryoId: VIDEO, code: "FOCAL_PLANE_SUBSTITUTED", detail: "The nearest plane stands in for -45 um." },
    ]);
  });

  it("is said to have a plane stood in for in its stills, where there is no clip", async () => {
    const files = await gomezFiles({ videos: [VIDEO] });
    delete files[gomezPicture(VIDEO, 45, 4)];

    const { stills, problems } = await prepared(files, { moments: { tA: 9 } });

    expect(stills.tA).toBeDefined();
    expect(problems).toEqual([
      {
        ...{ embryoId: VIDEO, code: "FOCAL_PLANE_SUBSTITUTED" },
        detail: "In a still the nearest plane stands in for 45 um.",
      },
    ]);
  });

  it("has none for shifts past the end of a whole stack", async () => {
    const { stills, problems } = await prepared(await gomezFiles({ videos: [VIDEO] }), { moments: { tA: 9 } });

    expect(stills.tA).toBeDefined();
    expect(problems).toEqual([]);
  });

  it.each([false, true])("is said to have times of a single plane (with a clip: %s)", async (sequences) => {
    const files = await gomezFiles({ videos: [VIDEO] });
    for (const um of PLANES_UM.filter((um) => um !== 0)) delete files[gomezPicture(VIDEO, um, 5)];

    const { embryo, problems } = await prepared(files, { moments: { tA: 1 }, sequences });

    expect(embryo).not.toBeNull();
    expect(problems.filter(({ code }) => code !== "SINGLE_FRAME")).toMatchObject([
      { code: "SINGLE_PLANE_TIMES", detail: expect.stringContaining("1 times from 90 hpi on") },
    ]);
  });

  it("is said to have a picture that had to be converted", async () => {
    const files = await gomezFiles({ videos: [VIDEO] });
    for (const um of [-45, 0, 45]) files[gomezPicture(VIDEO, um, 4)] = await colourPng();

    const { problems } = await prepared(files, { moments: { tA: 1 } });

    expect(problems).toMatchObject([{ code: "PICTURE_COLOUR", detail: expect.stringContaining("(3 times)") }]);
  });
});

describe("an embryo that is left out", () => {
  it("has no capture near a wanted moment", async () => {
    const { embryo, problems } = await prepared(await gomezFiles({ videos: [VIDEO] }), { moments: { "105": 1 } });

    expect(embryo).toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(["MOMENTS_MISSING"]);
  });

  it("is said to be left out for that last, whatever else is remarked on it", async () => {
    const files = await gomezFiles({ videos: [VIDEO] });
    for (const um of PLANES_UM.filter((um) => um !== 0)) delete files[gomezPicture(VIDEO, um, 5)];

    const { embryo, problems } = await prepared(files, { moments: { "105": 1 } });

    expect(embryo).toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(["SINGLE_PLANE_TIMES", "MOMENTS_MISSING"]);
  });

  it("is of an empty well where clips are wanted", async () => {
    const blind = await prepared(
      await gomezFiles({ videos: [VIDEO] }),
      { moments: { tA: 1 }, sequences: true },
      blindSegmenter,
    );

    expect(blind).toMatchObject({ embryo: null, clip: null });
    expect(blind.problems).toMatchObject([{ embryoId: VIDEO, code: "EMPTY_WELL" }]);
  });

  it("is one without the clip that is wanted, though a still could be made", async () => {
    const files = await gomezFiles({ videos: [VIDEO], times: [91, 92, 93, 117.5] });
    // As dark as the plain pictures of the early hours are.
    const seesLate: EmbryoSegmenter = {
      ...discSegmenter,
      segment: (pictures) => (pictures[0]![64 * 64]! < 100 ? blindSegmenter : discSegmenter).segment(pictures),
    };

    const still = await prepared(files, { moments: { tA: 1 } }, seesLate);
    const both = await prepared(files, { moments: { tA: 1 }, sequences: true }, seesLate);

    expect(still.embryo).not.toBeNull();
    expect(both).toMatchObject({ embryo: null, clip: null });
    expect(both.stills).toEqual({});
    expect(both.problems.map(({ code }) => code)).toEqual(["EMPTY_WELL"]);
  });

  it("lacks tMEB alone where the well is empty and no clip is wanted", async () => {
    const blind = await prepared(
      await gomezFiles({ videos: [VIDEO] }),
      { moments: { tA: 1, tMEB: 1 } },
      blindSegmenter,
    );

    expect(blind.embryo).toBeNull();
    expect(blind.problems.map(({ code }) => code)).toEqual(["EMPTY_WELL", "EMBRYO_NOT_FOUND"]);
  });
});

async function prepared(
  files: Record<string, Uint8Array | string>,
  wanted: Partial<Wanted>,
  segmenter = discSegmenter,
) {
  const source = await openSource(await treeOf(files));
  const all: Wanted = { moments: {}, sequences: false, evidenceOfAll: false, ...wanted };
  return prepareEmbryo(source, VIDEO, all, { segmenter, pictures: sharpDecoder });
}
