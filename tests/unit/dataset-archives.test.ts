import { describe, expect, it } from "vitest";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { prepareEmbryo } from "../../cli/dataset/embryo-preparation.ts";
import { openSource } from "../../cli/dataset/source.ts";
import { discSegmenter, plainArchive, treeOf } from "../builders/dataset-folders.ts";

const HEADER = "embryo_id,cycle_id,clinic,icm,te,t_a_hpi,outcome,split,colour";
const wanted = { moments: { tA: 1 as const }, sequences: true, evidenceOfAll: false };
const ports = { segmenter: discSegmenter, pictures: sharpDecoder };

describe("the reader of archives", () => {
  it("joins the labels to the archives", async () => {
    const dir = await treeOf({
      "e1.zip": await plainArchive("e1"),
      "labels.csv": `${HEADER}\ne1,c9,north,A,NA,116.5,1,validation,blue\n`,
    });

    const source = await openSource(dir);
    const embryo = await source.open("e1");
    await embryo.close();

    expect(source.name).toBe("archives");
    expect(embryo).toMatchObject({
      ...{ cycleId: "c9", clinic: "north", icm: "A", te: null, annotatedHpi: 116.5 },
      ...{ outcome: 1, split: "validation", ageYears: 34 },
    });
  });

  it("takes one annotator's word where there are votes only, the same one of both structures", async () => {
    const rows = Array.from({ length: 8 }, (_, n) => `e${n},ABCABCABCAB,ABCABCABCAB\n`).join("");
    const archives = Array.from({ length: 8 }, async (_, n) => [`e${n}.zip`, await plainArchive(`e${n}`)] as const);
    const dir = await treeOf({
      ...Object.fromEntries(await Promise.all(archives)),
      "labels.csv": `embryo_id,icm_votes,te_votes\n${rows}`,
    });

    const source = await openSource(dir);
    const embryos = await Promise.all(source.embryoIds().map((id) => source.open(id)));
    await Promise.all(embryos.map((embryo) => embryo.close()));

    expect(embryos.every(({ icm, te }) => icm !== null && icm === te)).toBe(true);
    expect(new Set(embryos.map(({ icm }) => icm)).size).toBeGreaterThan(1);
    expect(embryos[0]!.icmVotes.join("")).toBe("ABCABCABCAB");
  });

  it("knows an archive of another name by its manifest", async () => {
    const dir = await treeOf({
      "slide3 well4.zip": await plainArchive("e1"),
      "labels.csv": `${HEADER}\ne1,,,B,C,,,,\n`,
    });

    const source = await openSource(dir);

    expect(source.embryoIds()).toEqual(["e1"]);
    expect(source.problems).toEqual([]);
  });

  it("prepares the others beside an archive that is damaged, a row that is wrong and a label without archive", async () => {
    const whole = await plainArchive("e1");
    const dir = await treeOf({
      "e1.zip": whole,
      "e2.zip": whole.subarray(0, whole.length / 2),
      "e3.zip": await plainArchive("e3"),
      "labels.csv": `${HEADER}\ne1,,,A,A,,,,\ne2,,,A,A,,,,\ne3,,,A,E,,,,\ne4,,,A,A,,,,\ne1,,,C,C,,,,\n`,
    });

    const source = await openSource(dir);
    const results = await Promise.all(source.embryoIds().map((id) => prepareEmbryo(source, id, wanted, ports)));

    expect(source.problems.map(({ embryoId, code }) => `${embryoId} ${code}`)).toEqual([
      ...["e3 LABEL_INVALID", "e1 LABEL_REPEATED", "e4 LABEL_WITHOUT_PICTURES"],
    ]);
    expect(results.map(({ embryo, problems }) => [embryo?.icm, ...problems.map(({ code }) => code)])).toEqual([
      ...[["A"], [undefined, "ARCHIVE_DAMAGED"], [undefined, "UNLABELLED"]],
    ]);
  });

  it("refuses ids that cannot name a file", async () => {
    const dir = await treeOf({
      "x.zip": await plainArchive("../e1"),
      "labels.csv": `${HEADER}\n../e1,,,A,A,,,,\n`,
    });

    const source = await openSource(dir);
    const { embryo, problems } = await prepareEmbryo(source, "../e1", wanted, ports);

    expect(embryo).toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(["EMBRYO_ID_UNUSABLE"]);
  });

  it("says which columns are missing", async () => {
    const dir = await treeOf({ "e1.zip": await plainArchive("e1"), "labels.csv": "embryo_id,icm\ne1,A\n" });

    await expect(openSource(dir)).rejects.toMatchObject({
      code: "SOURCE_INVALID",
      message: expect.stringMatching(/te/),
    });
  });
});
