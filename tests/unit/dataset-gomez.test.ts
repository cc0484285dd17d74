import { describe, expect, it } from "vitest";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { prepareEmbryo, type Wanted } from "../../cli/dataset/embryo-preparation.ts";
import { openSource } from "../../cli/dataset/source.ts";
import {
  blindSegmenter,
  discSegmenter,
  type GomezOptions,
  gomezFiles,
  gomezPicture,
  greyAt,
  treeOf,
} from "../builders/dataset-folders.ts";
import { halfJpeg } from "../builders/pictures.ts";

const PLANE = 224 * 224;

describe("the reader of Gomez 2022", () => {
  it("takes grades from the table, the cycle from the name and the times by the pictures' numbers", async () => {
    const dir = await treeOf(await gomezFiles({ grades: ["AA83-7,C,A", "BB12-3,NA,B"] }));

    const source = await openSource(dir);
    const [first, second] = await Promise.all(source.embryoIds().map((id) => source.open(id)));

    expect(source.name).toBe("gomez-2022");
    expect(first).toMatchObject({ embryoId: "AA83-7", cycleId: "AA83", icm: "A", te: "C" });
    expect(second).toMatchObject({ embryoId: "BB12-3", cycleId: "BB12", icm: "B", te: null });
    expect(first!.frames.slice(0, 8).map(({ hpi, focalPlaneUm }) => [hpi, focalPlaneUm])).toEqual([
      ...[-45, -30, -15, 0, 15, 30, 45].map((um) => [91, um]),
      [116.5, -45],
    ]);
  });

  it("finds tables and folders that were unpacked one folder further down, or into a folder of their own name", async () => {
    const files = Object.entries(await gomezFiles()).map(([name, content]) => {
      if (name.endsWith("grades.csv")) return [`labels/${name}`, content];
      return [name.startsWith("embryo_dataset/") ? `embryo_dataset/${name}` : `unpacked/${name}`, content];
    });

    const source = await openSource(await treeOf(Object.fromEntries(files)));

    expect((await source.open("AA83-7")).frames).toHaveLength(35);
  });

  it("lets the nearest plane stand in for a missing one", async () => {
    const files = await gomezFiles();
    for (let run = 1; run <= 5; run++) delete files[gomezPicture("AA83-7", -45, run)];

    const { stills, clip, problems } = await prepared(files, { moments: { tA: 1 }, sequences: true });

    expect(greysOf(stills.tA!, 0)).toEqual([greyAt(-30, 117.5), greyAt(0, 117.5), greyAt(45, 117.5)]);
    const { frames, hpi } = npzClipFormat.decode(clip!);
    expect(hpi).toHaveLength(1);
    expect(greysOf(frames, 0)).toEqual([greyAt(-30, 91), greyAt(0, 91), greyAt(45, 91)]);
    expect(problems).toContainEqual({
      ...{ embryoId: "AA83-7", code: "FOCAL_PLANE_SUBSTITUTED" },
      detail: "The nearest plane stands in for -45 um.",
    });
  });

  it("leaves out the time of a truncated picture and says which one", async () => {
    const files = await gomezFiles();
    const damaged = gomezPicture("AA83-7", 0, 4);
    files[damaged] = await halfJpeg();

    const { stills, clip, problems } = await prepared(files, { moments: { tA: 1 }, sequences: true });

    expect(problems.filter(({ code }) => code === "IMAGE_UNREADABLE")).toEqual([
      { embryoId: "AA83-7", code: "IMAGE_UNREADABLE", detail: expect.stringContaining(damaged) },
    ]);
    expect(greysOf(stills.tA!, 0)[1]).toBe(greyAt(0, 117));
    expect([...npzClipFormat.decode(clip!).hpi]).toEqual([91]);
  });

  it("reads a video once whose pictures lie in an inner folder again", async () => {
    const files = await gomezFiles();
    for (let run = 1; run <= 5; run++) {
      const picture = gomezPicture("AA83-7", 0, run);
      files[picture.replace("AA83-7/", "AA83-7/F0/")] = files[picture]!;
    }

    const { embryo, problems } = await prepared(files, { moments: { tA: 1 } });

    expect(embryo).not.toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(["DUPLICATE_FOLDER"]);
  });

  it("says of which label there is no video, and of which video no label", async () => {
    const dir = await treeOf(await gomezFiles({ grades: ["AA83-7,A,B", "CC01-1,A,A"] }));

    const source = await openSource(dir);
    const unlabelled = await prepareEmbryo(source, "BB12-3", wantedOf({ moments: { tA: 1 } }), ports);

    expect(source.problems.map(({ embryoId, code }) => [embryoId, code])).toEqual([
      ["CC01-1", "LABEL_WITHOUT_PICTURES"],
    ]);
    expect(unlabelled.embryo).toBeNull();
    expect(unlabelled.problems.map(({ code }) => code)).toEqual(["UNLABELLED"]);
  });

  it("leaves out embryos whose grades are NA everywhere", async () => {
    const { embryo, problems } = await preparedFrom({ grades: ["AA83-7,NA,NA"] }, { moments: { tA: 1 } });

    expect(embryo).toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(["UNLABELLED"]);
  });

  it("says which grade is none, by file and line", async () => {
    const source = await openSource(await treeOf(await gomezFiles({ grades: ["AA83-7,A,B", "BB12-3,D,B"] })));

    expect(source.problems).toEqual([
      {
        embryoId: "BB12-3",
        code: "LABEL_INVALID",
        detail: "embryo_dataset_grades.csv, line 3: TE is none of A, B, C and NA.",
      },
    ]);
  });

  it("leaves out pictures whose time is no number", async () => {
    const { problems, stills } = await preparedFrom({ times: [91, 116.5, 117, "soon", 118] }, { moments: { tA: 1 } });

    expect(problems.map(({ code }) => code)).toEqual(["TIME_INVALID", "TIME_MISSING"]);
    expect(problems[0]!.detail).toContain("AA83-7_timeElapsed.csv, line 5: time is no number of hours");
    expect(greysOf(stills.tA!, 0)[1]).toBe(greyAt(0, 117));
  });

  it("says when there are many more times than pictures", async () => {
    const files = await gomezFiles();
    files["embryo_dataset_time_elapsed/AA83-7_timeElapsed.csv"] += Array.from(
      { length: 40 },
      (_, more) => `${6 + more},${119 + more}\n`,
    ).join("");

    const { embryo, problems } = await prepared(files, { moments: { tA: 1 } });

    expect(embryo).not.toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(["TIME_AXIS_DOUBTFUL"]);
  });

  it("leaves out a video without times, one whose times cannot be read, and one with a single plane", async () => {
    const files = await gomezFiles();
    const times = "embryo_dataset_time_elapsed/AA83-7_timeElapsed.csv";
    const { [times]: _, ...withoutTimes } = files;

    const timeless = await prepared(withoutTimes, { moments: { tA: 1 } });
    const unreadable = await prepared({ ...files, [times]: 'frame_index,time\n1,"117\n' }, { moments: { tA: 1 } });
    const flat = await preparedFrom({ planesUm: [0] }, { moments: { tA: 1 } });

    expect(timeless.problems.map(({ code }) => code)).toEqual(["FILE_UNREADABLE"]);
    expect(unreadable.problems).toMatchObject([{ code: "FILE_UNREADABLE", detail: expect.stringContaining("line 2") }]);
    expect(flat.problems.map(({ code }) => code)).toEqual(["FOCAL_PLANES_MISSING"]);
  });

  it("says what each kind of data set would have, of a folder that is none", async () => {
    const empty = await treeOf({});

    await expect(openSource(empty)).rejects.toMatchObject({
      code: "SOURCE_UNKNOWN",
      message: expect.stringMatching(/phantoms\.json.*labels\.csv.*embryo_dataset.*Gardner_train_silver\.csv/),
    });
  });
});

describe("the stills of an embryo", () => {
  it("have their variants time-major and focal-minor, the unshifted one first", async () => {
    const { stills } = await preparedFrom({}, { moments: { tA: 9 } });

    const centres = Array.from({ length: 9 }, (_, variant) => greysOf(stills.tA!, variant));
    const expected = [117.5, 117, 118].flatMap((hpi) =>
      [0, -15, 15].map((shift) => [-45, 0, 45].map((um) => greyAt(Math.max(-45, Math.min(45, um + shift)), hpi))),
    );
    expect(centres).toEqual(expected);
  });

  it("are of the capture within half an hour of a fixed moment, or of none", async () => {
    const { stills } = await preparedFrom({ times: [91, 104.4, 110.4, 117.5] }, { moments: { "105": 1, "110": 1 } });

    expect(stills["105"]).toBeUndefined();
    expect(greysOf(stills["110"]!, 0)[1]).toBe(greyAt(0, 110.4));
  });

  it("are left out where the cropper finds no embryo", async () => {
    const source = await openSource(await treeOf(await gomezFiles()));

    const blind = { ...ports, segmenter: blindSegmenter };
    const { embryo, problems } = await prepareEmbryo(source, "AA83-7", wantedOf({ moments: { tA: 1 } }), blind);

    expect(embryo).toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(["EMBRYO_NOT_FOUND"]);
  });
});

const ports = { segmenter: discSegmenter, pictures: sharpDecoder };

function wantedOf(wanted: Partial<Wanted>): Wanted {
  return { moments: {}, sequences: false, evidenceOfAll: false, ...wanted };
}

async function preparedFrom(options: GomezOptions, wanted: Partial<Wanted>) {
  return prepared(await gomezFiles({ videos: ["AA83-7"], ...options }), wanted);
}

async function prepared(files: Record<string, Uint8Array | string>, wanted: Partial<Wanted>) {
  return prepareEmbryo(await openSource(await treeOf(files)), "AA83-7", wantedOf(wanted), ports);
}

/** The grey in the middle of each channel of a variant; JPEG keeps a plain picture's grey. */
function greysOf(stills: Uint8Array, variant: number): number[] {
  return [0, 1, 2].map((channel) => stills[(3 * variant + channel) * PLANE + PLANE / 2 + 112]!);
}
