import { describe, expect, it } from "vitest";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { prepareEmbryo } from "../../cli/dataset/embryo-preparation.ts";
import { openSource } from "../../cli/dataset/source.ts";
import { discSegmenter, krompFiles, treeOf } from "../builders/dataset-folders.ts";
import { greyPng } from "../builders/pictures.ts";

const wanted = { moments: { tA: 1 as const }, sequences: false, evidenceOfAll: false };
const ports = { segmenter: discSegmenter, pictures: sharpDecoder };

describe("the reader of Kromp 2023", () => {
  it("reads numbered grades, ND and NA as none, and gold as the test", async () => {
    const source = await openSource(await treeOf(await krompFiles()));

    const embryos = await Promise.all(source.embryoIds().map((id) => source.open(id)));

    expect(source).toMatchObject({ name: "kromp-2023", kind: "still", problems: [] });
    expect(embryos.map(({ embryoId, cycleId, icm, te }) => [embryoId, cycleId, icm, te])).toEqual([
      ["0001_01", "0001", "A", "B"],
      ["0001_02", "0001", null, null],
      ["0002_01", "0002", "C", "C"],
      ["0003_01", "0003", "B", "A"],
      ["0004_02", "0004", null, "C"],
    ]);
    expect(embryos.map(({ split }) => split === "test")).toEqual([false, false, false, true, true]);
  });

  it("makes one still of three equal planes, through the cropper", async () => {
    const files = { ...(await krompFiles()), "Images/0001_01.png": await greyPng() };
    const source = await openSource(await treeOf(files));

    const { stills, clip, problems } = await prepareEmbryo(source, "0001_01", wanted, ports);

    const plane = 224 * 224;
    expect(problems).toEqual([]);
    expect(clip).toBeNull();
    expect(stills.tA).toHaveLength(3 * plane);
    expect(stills.tA!.subarray(0, plane)).toEqual(stills.tA!.subarray(2 * plane));
    expect(new Set(stills.tA!).size).toBeGreaterThan(50);
  });

  it("finds pictures whose names lost their zeros in the table, and says what has no picture", async () => {
    const files = await krompFiles({ silver: ["1_1.png;3;0;1", "0009_01.png;3;0;0", "0002_01.png;3;7;0"] });

    const source = await openSource(await treeOf(files));

    expect((await source.open("0001_01")).icm).toBe("A");
    expect(source.problems.map(({ embryoId, code }) => [embryoId, code])).toEqual([
      ["0002_01", "LABEL_INVALID"],
      ["0009_01", "LABEL_WITHOUT_PICTURES"],
    ]);
  });

  it("lets the gold label of a picture stand that has a silver one too", async () => {
    const files = await krompFiles({ gold: ["0001_01.png;3;1;0;"] });

    const source = await openSource(await treeOf(files));

    expect(source.problems.map(({ embryoId, code }) => [embryoId, code])).toEqual([["0001_01", "LABEL_REPEATED"]]);
    expect(await source.open("0001_01")).toMatchObject({ icm: "B", te: "A", split: "test" });
  });

  it("leaves out a truncated picture, a picture without label and one without grades, and says why", async () => {
    const whole = await greyPng();
    const source = await openSource(
      await treeOf({
        ...(await krompFiles()),
        "Images/0002_01.png": whole.subarray(0, whole.length / 2),
        "Images/0005_01.png": whole,
      }),
    );

    const ids = ["0002_01", "0005_01", "0001_02"];
    const results = await Promise.all(ids.map((id) => prepareEmbryo(source, id, wanted, ports)));

    expect(results.map(({ embryo, problems }) => [embryo, ...problems.map(({ code }) => code)])).toEqual([
      [null, "IMAGE_UNREADABLE"],
      [null, "UNLABELLED"],
      [null, "UNLABELLED"],
    ]);
    expect(results[0]!.problems[0]!.detail).toMatch(/Images\/0002_01\.png: The picture is cut off/);
  });
});
